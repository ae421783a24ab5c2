"""From operators of a quantized `.tflite` to integer kernels with the arithmetic of TFLite's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from harness.deploy.curves import curve_table
from harness.deploy.quantize_math import Multiplier, exp_of_differences, quantize_multiplier
from harness.deploy.tvm.int8_sums import lower_binary, lower_residual
from harness.deploy.tvm.int8_weighted import lower_conv, lower_dense, lower_depthwise
from harness.deploy.tvm.kernels.elementwise import Concatenate, Dequantize, LookUp, Pad, Quantize, Rescale
from harness.deploy.tvm.kernels.pooling import Mean, Pool
from harness.deploy.tvm.kernels.requantize import Clamp
from harness.deploy.tvm.kernels.softmax import Softmax
from harness.deploy.tvm.moving import MOVERS, lower_mover
from harness.deploy.tvm.operator_view import OperatorView, scale_of, zero_point_of
from harness.deploy.tvm.program import Activation, Call, Group
from harness.deploy.tvm.resizing import lower_resize
from harness.model.tflite_graph import Graph


def lower_int8(graph: Graph, group: Group, uses_dsp: bool) -> list[Call] | None:
    """The kernel calls of one supported operator, or of those that `fuse_residuals` put together, if a kernel fits."""
    first, *rest = (OperatorView(graph, operator, uses_dsp) for operator in group)
    if first.operator.op in MOVERS:
        return lower_mover(first)
    call = lower_residual(first, *rest) if rest else _LOWERINGS[first.operator.op](first)
    return None if call is None else [call]


def _pool(source: OperatorView) -> Call:
    window = source.window(source.number("filter_height"), source.number("filter_width"))
    kernel = Pool(window, source.operator.op == "AVERAGE_POOL_2D", source.clamp())
    return _simple(kernel, source)


def _simple(kernel: Pool | Mean | Rescale | Quantize | Dequantize | Pad, source: OperatorView) -> Call:
    return Call(kernel, (source.argument(0), Activation(source.output.index)))


def _mean(source: OperatorView) -> Call:
    """The number of values folds into the multiplier as in TFLite's QuantizedMeanOrSum."""
    x, y = source.given(0), source.output
    axes = sorted({int(axis) % len(x.shape) for axis in source.constant(1).ravel()})
    outer, inner = prod(x.shape[: axes[0]]), prod(x.shape[axes[-1] + 1 :])
    count = prod(x.shape[axes[0] : axes[-1] + 1])
    ratio = quantize_multiplier(scale_of(x) / scale_of(y))
    room = min(count.bit_length() - 1, 32, 31 + ratio.shift)
    scale = Multiplier((ratio.quantized << room) // count, ratio.shift - room)
    return _simple(Mean(outer, count, inner, zero_point_of(x), scale, source.clamp()), source)


def _clamp(source: OperatorView) -> Call:
    """RELU and its like; TFLite divides their scales in single precision."""
    ratio = float(source.given(0).scales[0] / source.output.scales[0])
    return _rescale(source, ratio, source.clamp(source.operator.op))


def _rescale(source: OperatorView, ratio: float, output: Clamp) -> Call:
    x = source.given(0)
    return _simple(Rescale(prod(x.shape), zero_point_of(x), quantize_multiplier(ratio), output), source)


def _quantize(source: OperatorView) -> Call:
    x, y = source.given(0), source.output
    if x.dtype == "int8":
        return _rescale(source, scale_of(x) / scale_of(y), source.clamp("NONE"))
    return _simple(Quantize(prod(x.shape), scale_of(y), zero_point_of(y)), source)


def _dequantize(source: OperatorView) -> Call:
    x = source.given(0)
    return _simple(Dequantize(prod(x.shape), scale_of(x), zero_point_of(x)), source)


def _pad(source: OperatorView) -> Call:
    x = source.given(0)
    amounts = source.constant(1).reshape(-1, 2)
    before, after = (tuple(int(n) for n in amounts[:, side]) for side in (0, 1))
    return _simple(Pad(x.shape, before, after, zero_point_of(x)), source)


def _concatenate(source: OperatorView) -> Call:
    parts = [source.given(n) for n in range(len(source.operator.inputs))]
    axis = source.number("axis") % len(source.output.shape)
    kernel = Concatenate(prod(source.output.shape[:axis]), tuple(prod(part.shape[axis:]) for part in parts))
    return Call(kernel, (*(source.argument(n) for n in range(len(parts))), Activation(source.output.index)))


def _softmax(source: OperatorView) -> Call:
    """Differences are scaled to Q5.26 (TFLite's PreprocessSoftmaxScaling, kScaledDiffIntegerBits = 5)."""
    x = source.given(0)
    real = min(source.real("beta") * scale_of(x) * (1 << 26), 2.0**31 - 1)
    multiplier = quantize_multiplier(real)
    smallest = -((31 << 26) >> multiplier.shift)
    kernel = Softmax(prod(x.shape[:-1]), x.shape[-1])
    table = exp_of_differences(multiplier, smallest)
    return Call(kernel, (source.argument(0), table, Activation(source.output.index)))


def _curve(source: OperatorView) -> Call:
    x = source.given(0)
    table = curve_table(source.operator.op, scale_of(x), zero_point_of(x))
    return Call(LookUp(prod(x.shape)), (source.argument(0), table, Activation(source.output.index)))


_LOWERINGS: Mapping[str, Callable[[OperatorView], Call]] = {
    "ADD": lower_binary,
    "AVERAGE_POOL_2D": _pool,
    "CONCATENATION": _concatenate,
    "CONV_2D": lower_conv,
    "DEPTHWISE_CONV_2D": lower_depthwise,
    "DEQUANTIZE": _dequantize,
    "FULLY_CONNECTED": lower_dense,
    "LOGISTIC": _curve,
    "MAX_POOL_2D": _pool,
    "MEAN": _mean,
    "MUL": lower_binary,
    "PAD": _pad,
    "QUANTIZE": _quantize,
    "RELU": _clamp,
    "RELU6": _clamp,
    "RELU_N1_TO_1": _clamp,
    "RESIZE_BILINEAR": lower_resize,
    "RESIZE_NEAREST_NEIGHBOR": lower_resize,
    "SOFTMAX": _softmax,
    "SUB": lower_binary,
    "TANH": _curve,
}
