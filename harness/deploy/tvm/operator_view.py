"""An operator of a `.tflite` with its tensors at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.deploy.target import Core
from harness.deploy.tvm.kernels.requantize import Clamp, Requantization
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.tvm.program import Activation
from harness.deploy.tvm.quantize_math import activation_range
from harness.deploy.tvm.window import Window, padding_before
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class OperatorView:
    """An operator, and what is asked of it; `core` is what code is made for."""

    graph: Graph
    operator: GraphOperator
    core: Core

    def input(self, index: int) -> GraphTensor | None:
        """An input; None if it is left out."""
        inputs = self.operator.inputs
        number = inputs[index] if index < len(inputs) else None
        return None if number is None else self.graph.tensors[number]

    def given(self, index: int) -> GraphTensor:
        """An input that `require_supported` made sure of."""
        tensor = self.input(index)
        assert tensor is not None
        return tensor

    def constant(self, index: int) -> NDArray[np.generic]:
        """The data of such an input that is a constant."""
        data = self.given(index).data
        assert data is not None
        return data

    @property
    def activation(self) -> str:
        """The fused activation's name."""
        return str(self.operator.options.get("fused_activation_function", "NONE"))

    @property
    def output(self) -> GraphTensor:
        return self.graph.tensors[self.operator.outputs[0]]

    def number(self, option: str) -> int:
        """A whole number among the options."""
        return int(self.real(option))

    def real(self, option: str) -> float:
        """A number among the options."""
        value = self.operator.options[option]
        assert isinstance(value, int | float)
        return value

    def clamp(self, activation: str | None = None) -> Clamp:
        """The output's zero point and range; that of the fused activation, where none is named."""
        if activation is None:
            activation = self.activation
        zero_point = zero_point_of(self.output)
        return Clamp(zero_point, *activation_range(activation, scale_of(self.output), zero_point))

    def convolution_window(self) -> Window:
        """Of a CONV_2D or DEPTHWISE_CONV_2D."""
        dilation = self.number("dilation_h_factor"), self.number("dilation_w_factor")
        _, height, width, _ = self.given(1).shape
        return self.window(height, width, dilation)

    def window(self, kernel_height: int, kernel_width: int, dilation: tuple[int, int] = (1, 1)) -> Window:
        """Of an operator that slides a kernel of this size."""
        _, height, width, channels = self.given(0).shape
        _, out_height, out_width, _ = self.output.shape
        strides = self.number("stride_h"), self.number("stride_w")
        before = (0, 0)
        if self.operator.options["padding"] == "SAME":
            before = (
                padding_before(height, out_height, kernel_height, strides[0], dilation[0]),
                padding_before(width, out_width, kernel_width, strides[1], dilation[1]),
            )
        sizes = (height, width, channels, out_height, out_width, kernel_height, kernel_width)
        return Window(*sizes, *strides, *dilation, *before)


def scale_of(tensor: GraphTensor) -> float:
    """Of a tensor that has one."""
    return float(tensor.scales[0])


def zero_point_of(tensor: GraphTensor) -> int:
    """Of a tensor that has one."""
    return int(tensor.zero_points[0])


def place_of(tensor: GraphTensor) -> Activation | NDArray[np.generic]:
    """What a kernel's argument is: memory of the arena, or a constant."""
    return Activation(tensor.index) if tensor.data is None else tensor.data


def finish_of(requantization: Requantization) -> Finish:
    """The same for micro-kernels, where it is short."""
    clamp = requantization.clamp
    return Finish(requantization.rounding, clamp.zero_point, clamp.low, clamp.high)
