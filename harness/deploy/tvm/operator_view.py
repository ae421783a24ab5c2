"""An operator of a `.tflite` as the kernels of this backend look at it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deploy import operator_view
from harness.deploy.operator_view import scale_of, zero_point_of
from harness.deploy.tvm.kernels.requantize import Clamp, Requantization
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.window import Window

__all__ = ["OperatorView", "finish_of", "scale_of", "zero_point_of"]


@dataclass(frozen=True)
class OperatorView(operator_view.OperatorView):
    """An operator with its tensors at hand.

    Attributes:
        uses_dsp: kernels may use the core's DSP extension.
    """

    uses_dsp: bool

    @property
    def activation(self) -> str:
        """The fused activation's name."""
        return str(self.operator.options.get("fused_activation_function", "NONE"))

    def clamp(self, activation: str | None = None) -> Clamp:
        """The output's zero point and range; that of the fused activation, where none is named."""
        return Clamp(zero_point_of(self.output), *self.output_range(activation))

    def convolution_window(self) -> Window:
        """Of a CONV_2D or DEPTHWISE_CONV_2D."""
        dilation = self.number("dilation_h_factor"), self.number("dilation_w_factor")
        _, height, width, _ = self.given(1).shape
        return self.window(height, width, dilation)


def finish_of(requantization: Requantization) -> Finish:
    """The same for micro-kernels, where it is short."""
    clamp = requantization.clamp
    return Finish(requantization.rounding, clamp.zero_point, clamp.low, clamp.high)
