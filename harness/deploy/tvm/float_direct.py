"""float32 operators that need no help of TVM's front end.

They are those that resize or move, and convolutions that `kernels.float_conv` fits.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.deploy.target import Core, Target
from harness.deploy.tvm.kernels.float_conv import FloatConv
from harness.deploy.tvm.micro.float_dots import Clamp
from harness.deploy.tvm.moving import MOVERS, lower_mover
from harness.deploy.tvm.operator_view import OperatorView
from harness.deploy.tvm.program import Activation, Call, Group
from harness.deploy.tvm.resizing import RESIZES, lower_resize
from harness.model.tflite_graph import Graph

_CLAMPS = {"NONE": Clamp.NONE, "RELU": Clamp.RELU, "RELU6": Clamp.RELU6}


def lower_directly(graph: Graph, group: Group, target: Target, uses_dsp: bool) -> list[Call] | None:
    """A group of `fuse_residuals` as calls; None if it takes TVM."""
    views = [OperatorView(graph, operator, uses_dsp) for operator in group]
    if group[0].op in MOVERS:
        return lower_mover(views[0])
    call = lower_resize(views[0]) if group[0].op in RESIZES else _lower_conv(views[0], views[-1], target)
    return None if call is None else [call]


def _lower_conv(conv: OperatorView, last: OperatorView, target: Target) -> Call | None:
    """A convolution, together with an addition if that comes last."""
    if conv.operator.op != "CONV_2D" or not target.fpu or not conv.uses_dsp or not _fits(conv):
        return None
    clamp = _CLAMPS.get(last.activation)
    if clamp is None:
        return None
    weights = conv.constant(1).astype(np.float32)
    bias = conv.biases(len(weights), "float32")
    window = conv.convolution_window()
    if window.is_pointwise:
        window = window.reshaped(window.height * window.width)
    kernel = FloatConv(window, len(weights), clamp, fused=target.core is Core.CORTEX_M7)
    arguments = conv.argument(0), kernel.pack(weights), bias
    if last is conv:
        return Call(kernel, (*arguments, Activation(conv.output.index)))
    other = 0 if last.given(1).index == conv.output.index else 1
    if conv.activation != "NONE" or last.given(other).shape != conv.output.shape:
        return None
    return Call(replace(kernel, residual=True), (*arguments, last.argument(other), Activation(last.output.index)))


def _fits(conv: OperatorView) -> bool:
    x, weights, bias = conv.given(0), conv.given(1), conv.input(2)
    if weights.data is None or (bias is not None and bias.data is None) or len(x.shape) != 4 or x.shape[0] != 1:
        return False
    window = conv.convolution_window()
    undilated = window.dilation_width == 1 or window.kernel_width == 1
    return undilated and weights.shape[3] == window.channels and window.used_width > 0
