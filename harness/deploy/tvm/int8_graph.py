"""From operators of a quantized `.tflite` to integer kernels with the arithmetic of TFLite's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from harness.deploy.operator_view import OperatorView
from harness.deploy.operator_view import scale_of as _scale
from harness.deploy.operator_view import zero_point_of as _zero_point
from harness.deploy.quantize_math import (
    INT8_MAX,
    INT8_MIN,
    Multiplier,
    Rounding,
    channel_parameters,
    exp_of_differences,
    has_short_form,
    quantize_multiplier,
)
from harness.deploy.tvm.kernels.conv import Conv, pointwise_row_width
from harness.deploy.tvm.kernels.depthwise import Depthwise
from harness.deploy.tvm.kernels.elementwise import Add, Concatenate, Dequantize, Operand, Pad, Quantize, Rescale
from harness.deploy.tvm.kernels.pooling import Mean, Pool
from harness.deploy.tvm.kernels.requantize import Clamp, Requantization
from harness.deploy.tvm.kernels.softmax import Softmax
from harness.deploy.tvm.program import Activation, Call
from harness.deploy.window import Window
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lower_int8(graph: Graph, operator: GraphOperator) -> list[Call]:
    """The kernel calls of one supported operator."""
    return [_LOWERINGS[operator.op](_Operator(graph, operator))]


class _Operator(OperatorView):
    def clamp(self, activation: str | None = None) -> Clamp:
        """The output's zero point and range; that of the fused activation, where none is named."""
        return Clamp(_zero_point(self.output), *self.output_range(activation))


def _activation(tensor: GraphTensor) -> Activation | NDArray[np.generic]:
    return Activation(tensor.index) if tensor.data is None else tensor.data


@dataclass(frozen=True)
class _Channels:
    """What a layer with weights needs of each output channel."""

    requantization: Requantization
    parameters: NDArray[np.int32]


def _channels(
    source: _Operator, weights: NDArray[np.int64], scales: NDArray[np.float64], rounding: Rounding
) -> _Channels:
    """Biases, multipliers and clamps, from (out_channels, taps) weights and the effective scale of each channel."""
    zero_point = _zero_point(source.given(0))
    count = weights.shape[0]
    bias = np.zeros(count, np.int64) if source.input(2) is None else source.constant(2).ravel().astype(np.int64)
    multipliers = [quantize_multiplier(float(scale)) for scale in np.broadcast_to(scales, count)]
    farthest = max(INT8_MAX - zero_point, zero_point - INT8_MIN)
    largest = int((np.abs(bias) + np.abs(weights).sum(axis=1) * farthest).max(initial=0))
    short = has_short_form(multipliers, rounding, largest)
    folded = bias - zero_point * weights.sum(axis=1)
    requantization = Requantization(source.clamp(), rounding, short)
    return _Channels(requantization, channel_parameters(folded, multipliers, rounding, short))


def _conv(source: _Operator) -> Call:
    weights = source.constant(1)
    out_channels, kernel_height, kernel_width, _ = weights.shape
    dilation = source.number("dilation_h_factor"), source.number("dilation_w_factor")
    window = source.window(kernel_height, kernel_width, dilation)
    if window.is_pointwise:
        pixels = window.height * window.width
        window = window.reshaped(pointwise_row_width(pixels, window.channels, out_channels))
    return _conv_call(source, window, weights, source.convolution_scales(), Rounding.TWICE)


def _dense(source: _Operator) -> Call:
    """A dense layer is a pointwise convolution over as many pixels as there are rows."""
    weights = source.constant(1)
    features, depth = weights.shape
    rows = prod(source.output.shape) // features
    window = Window(1, rows, depth, 1, rows, 1, 1).reshaped(pointwise_row_width(rows, depth, features))
    return _conv_call(source, window, weights, source.dense_scales(), Rounding.ONCE)


def _conv_call(
    source: _Operator,
    window: Window,
    weights: NDArray[np.generic],
    scales: NDArray[np.float64],
    rounding: Rounding,
) -> Call:
    channels = _channels(source, weights.reshape(len(weights), -1).astype(np.int64), scales, rounding)
    kernel = Conv(window, len(weights), _zero_point(source.given(0)), channels.requantization)
    constants = (kernel.pack(weights.astype(np.int8)), channels.parameters)
    return Call(kernel, (_activation(source.given(0)), *constants, Activation(source.output.index)))


def _depthwise(source: _Operator) -> Call:
    weights = source.constant(1)
    _, kernel_height, kernel_width, out_channels = weights.shape
    dilation = source.number("dilation_h_factor"), source.number("dilation_w_factor")
    window = source.window(kernel_height, kernel_width, dilation)
    taps = weights.reshape(-1, out_channels).T.astype(np.int64)
    channels = _channels(source, taps, source.convolution_scales(), Rounding.TWICE)
    zero_point = _zero_point(source.given(0))
    kernel = Depthwise(window, out_channels // window.channels, zero_point, channels.requantization)
    constants = (kernel.pack(weights[0].astype(np.int8)), channels.parameters)
    return Call(kernel, (_activation(source.given(0)), *constants, Activation(source.output.index)))


def _pool(source: _Operator) -> Call:
    window = source.window(source.number("filter_height"), source.number("filter_width"))
    kernel = Pool(window, source.operator.op == "AVERAGE_POOL_2D", source.clamp())
    return _simple(kernel, source)


def _simple(kernel: Pool | Mean | Rescale | Quantize | Dequantize | Pad, source: _Operator) -> Call:
    return Call(kernel, (_activation(source.given(0)), Activation(source.output.index)))


def _mean(source: _Operator) -> Call:
    """The number of values folds into the multiplier as in TFLite's QuantizedMeanOrSum."""
    x, y = source.given(0), source.output
    axes = sorted({int(axis) % len(x.shape) for axis in source.constant(1).ravel()})
    outer, inner = prod(x.shape[: axes[0]]), prod(x.shape[axes[-1] + 1 :])
    count = prod(x.shape[axes[0] : axes[-1] + 1])
    ratio = quantize_multiplier(_scale(x) / _scale(y))
    room = min(count.bit_length() - 1, 32, 31 + ratio.shift)
    scale = Multiplier((ratio.quantized << room) // count, ratio.shift - room)
    return _simple(Mean(outer, count, inner, _zero_point(x), scale, source.clamp()), source)


def _add(source: _Operator) -> Call:
    left, right, y = source.given(0), source.given(1), source.output
    twice_larger = 2 * max(_scale(left), _scale(right))
    kernel = Add(
        y.shape or (1,),
        _operand(left, y, twice_larger),
        _operand(right, y, twice_larger),
        quantize_multiplier(twice_larger / ((1 << 20) * _scale(y))),
        source.clamp(),
    )
    return Call(kernel, (_activation(left), _activation(right), Activation(y.index)))


def _operand(tensor: GraphTensor, output: GraphTensor, twice_larger: float) -> Operand:
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    strides, stride = [], 1
    for extent in reversed(shape):
        strides.append(0 if extent == 1 else stride)
        stride *= extent
    multiplier = quantize_multiplier(_scale(tensor) / twice_larger)
    return Operand(prod(shape), tuple(reversed(strides)) or (0,), _zero_point(tensor), multiplier)


def _clamp(source: _Operator) -> Call:
    return _rescale(source, source.clamp(source.operator.op))


def _rescale(source: _Operator, output: Clamp) -> Call:
    x = source.given(0)
    multiplier = quantize_multiplier(_scale(x) / _scale(source.output))
    return _simple(Rescale(prod(x.shape), _zero_point(x), multiplier, output), source)


def _quantize(source: _Operator) -> Call:
    x, y = source.given(0), source.output
    if x.dtype == "int8":
        return _rescale(source, source.clamp("NONE"))
    return _simple(Quantize(prod(x.shape), _scale(y), _zero_point(y)), source)


def _dequantize(source: _Operator) -> Call:
    x = source.given(0)
    return _simple(Dequantize(prod(x.shape), _scale(x), _zero_point(x)), source)


def _pad(source: _Operator) -> Call:
    x = source.given(0)
    amounts = source.constant(1).reshape(-1, 2)
    before, after = (tuple(int(n) for n in amounts[:, side]) for side in (0, 1))
    return _simple(Pad(x.shape, before, after, _zero_point(x)), source)


def _concatenate(source: _Operator) -> Call:
    parts = [source.given(n) for n in range(len(source.operator.inputs))]
    axis = source.number("axis") % len(source.output.shape)
    kernel = Concatenate(prod(source.output.shape[:axis]), tuple(prod(part.shape[axis:]) for part in parts))
    return Call(kernel, (*(_activation(part) for part in parts), Activation(source.output.index)))


def _softmax(source: _Operator) -> Call:
    """Differences are scaled to Q5.26 (TFLite's PreprocessSoftmaxScaling, kScaledDiffIntegerBits = 5)."""
    x = source.given(0)
    real = min(source.real("beta") * _scale(x) * (1 << 26), 2.0**31 - 1)
    multiplier = quantize_multiplier(real)
    smallest = -((31 << 26) >> multiplier.shift)
    kernel = Softmax(prod(x.shape[:-1]), x.shape[-1])
    table = exp_of_differences(multiplier, smallest)
    return Call(kernel, (_activation(x), table, Activation(source.output.index)))


_LOWERINGS: Mapping[str, Callable[[_Operator], Call]] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _pool,
    "CONCATENATION": _concatenate,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": _dequantize,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _pool,
    "MEAN": _mean,
    "PAD": _pad,
    "QUANTIZE": _quantize,
    "RELU": _clamp,
    "RELU6": _clamp,
    "SOFTMAX": _softmax,
}
