"""One operator of a quantized graph with its tensors at hand, as backends that write their own calls look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.deploy.program import Activation
from harness.deploy.quantize_math import activation_range
from harness.deploy.window import Window, padding_before
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.deploy.program import Argument


@dataclass(frozen=True)
class OperatorView:
    """An operator with its tensors at hand."""

    graph: Graph
    operator: GraphOperator

    def input(self, index: int) -> GraphTensor | None:
        inputs = self.operator.inputs
        number = inputs[index] if index < len(inputs) else None
        return None if number is None else self.graph.tensors[number]

    def given(self, index: int) -> GraphTensor:
        """An input that the backend's complaints made sure of."""
        tensor = self.input(index)
        assert tensor is not None
        return tensor

    def constant(self, index: int) -> NDArray[np.generic]:
        data = self.given(index).data
        assert data is not None
        return data

    def argument(self, index: int) -> Argument:
        """The same as an argument of a call: constants are their values."""
        tensor = self.given(index)
        return Activation(tensor.index) if tensor.data is None else tensor.data

    def biases(self, channels: int, dtype: str) -> NDArray[Any]:
        """Of a layer with weights, (channels,); zeros where it has none."""
        import numpy as np

        return np.zeros(channels, dtype) if self.input(2) is None else self.constant(2).ravel().astype(dtype)

    @property
    def output(self) -> GraphTensor:
        return self.graph.tensors[self.operator.outputs[0]]

    def number(self, option: str) -> int:
        return int(self.real(option))

    def real(self, option: str) -> float:
        value = self.operator.options[option]
        assert isinstance(value, int | float)
        return value

    def output_range(self, activation: str | None = None) -> tuple[int, int]:
        """The stored values that an activation lets through; the fused one, where none is named."""
        if activation is None:
            activation = str(self.operator.options.get("fused_activation_function", "NONE"))
        y = self.output
        return activation_range(activation, scale_of(y), zero_point_of(y), y.dtype)

    def window(self, kernel_height: int, kernel_width: int, dilation: tuple[int, int] = (1, 1)) -> Window:
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

    def accumulator_scales(self) -> NDArray[np.float64]:
        """What one step of a layer with weights' accumulator is in those of its output, of each channel or the whole.

        TFLite multiplies in double precision, for FULLY_CONNECTED with one scale too (measured against ai-edge-litert
        2.3: its `GetQuantizedConvolutionMultipler`, in single precision, is not what that layer takes any more).
        """
        import numpy as np

        x, weights, y = (np.asarray(t.scales, np.float64) for t in (self.given(0), self.given(1), self.output))
        return np.asarray(x * weights / y)


def scale_of(tensor: GraphTensor) -> float:
    """Of the whole tensor."""
    return float(tensor.scales[0])


def zero_point_of(tensor: GraphTensor) -> int:
    """Of the whole tensor."""
    return int(tensor.zero_points[0])
