"""Quantized layers with weights: convolutions, depthwise ones and dense layers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from harness.deploy.quantize_math import (
    EIGHTH,
    INT32_MAX,
    Rounding,
    breaking_ties,
    channel_parameters,
    has_short_form,
    largest_accumulator,
    multiply,
    quantize_multiplier,
)
from harness.deploy.tvm.kernels.conv import Conv, pointwise_row_width
from harness.deploy.tvm.kernels.depthwise import Depthwise
from harness.deploy.tvm.kernels.packed_conv import PackedConv
from harness.deploy.tvm.kernels.packed_dense import PackedDense
from harness.deploy.tvm.kernels.packed_pointwise import PackedPointwise
from harness.deploy.tvm.kernels.packing import can_be_packed, pack_parameters
from harness.deploy.tvm.kernels.planar_depthwise import PlanarDepthwise, fits_planes
from harness.deploy.tvm.kernels.requantize import Requantization
from harness.deploy.tvm.operator_view import OperatorView, finish_of, zero_point_of
from harness.deploy.tvm.program import Activation, Call
from harness.deploy.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW_ROWS = 4
"""So many pixels make a tile; of fewer, each reads the weights by itself."""


@dataclass(frozen=True)
class _Channels:
    """What a layer with weights needs of each output channel."""

    requantization: Requantization
    parameters: NDArray[np.int32]


def _channels(
    source: OperatorView, weights: NDArray[np.int64], scales: NDArray[np.float64], rounding: Rounding
) -> _Channels:
    """Biases, multipliers and clamps, from (out_channels, taps) weights and the effective scale of each channel."""
    zero_point = zero_point_of(source.given(0))
    count = weights.shape[0]
    bias = source.biases(count, "int64")
    multipliers = [quantize_multiplier(float(scale)) for scale in np.broadcast_to(scales, count)]
    for channel in np.flatnonzero(~weights.any(axis=1)):
        if abs(int(bias[channel])) << multipliers[channel].left > INT32_MAX:
            continue
        # What pruning left behind comes with biases and scales of any size; its outputs are one value.
        value = multiply(int(bias[channel]), multipliers[channel], rounding)
        bias[channel], multipliers[channel] = 8 * np.clip(value, -256, 256), EIGHTH
    largest = largest_accumulator(weights, bias, zero_point)
    short = has_short_form(multipliers, rounding, largest)
    if rounding is Rounding.ONCE:
        without_ties = [breaking_ties(each, largest) for each in multipliers]
        short = short and None not in without_ties
        multipliers = [one or each for one, each in zip(without_ties, multipliers, strict=True)]
    folded = bias - zero_point * weights.sum(axis=1)
    requantization = Requantization(source.clamp(), rounding, short)
    return _Channels(requantization, channel_parameters(folded, multipliers, rounding, short))


def lower_conv(source: OperatorView) -> Call:
    """CONV_2D."""
    weights = source.constant(1)
    window = source.convolution_window()
    out_channels = weights.shape[0]
    if window.is_pointwise:
        pixels = window.height * window.width
        window = window.reshaped(pointwise_row_width(pixels, window.channels, out_channels))
    return _conv_call(source, window, weights, source.accumulator_scales(), Rounding.TWICE)


def lower_dense(source: OperatorView) -> Call:
    """FULLY_CONNECTED: a pointwise convolution over as many pixels as there are rows."""
    weights = source.constant(1)
    features, depth = weights.shape
    rows = prod(source.output.shape) // features
    window = Window(1, rows, depth, 1, rows, 1, 1).reshaped(pointwise_row_width(rows, depth, features))
    return _conv_call(source, window, weights, source.accumulator_scales(), Rounding.ONCE)


def _conv_call(
    source: OperatorView,
    window: Window,
    weights: NDArray[np.generic],
    scales: NDArray[np.float64],
    rounding: Rounding,
) -> Call:
    taps = weights.reshape(len(weights), -1)
    channels = _channels(source, taps.astype(np.int64), scales, rounding)
    undilated = window.dilation_width == 1 or window.kernel_width == 1
    packable = channels.requantization.short and can_be_packed(taps.astype(np.int8))
    if source.uses_dsp and undilated and packable:
        return _packed(source, window, weights.astype(np.int8), channels)
    kernel = Conv(window, len(weights), zero_point_of(source.given(0)), channels.requantization)
    constants = (kernel.pack(weights.astype(np.int8)), channels.parameters)
    return Call(kernel, (source.argument(0), *constants, Activation(source.output.index)))


def _packed(source: OperatorView, window: Window, weights: NDArray[np.int8], channels: _Channels) -> Call:
    finish, count = finish_of(channels.requantization), len(weights)
    pixels = window.height * window.width
    kernel: PackedConv | PackedDense | PackedPointwise
    if window.is_pointwise and pixels < _FEW_ROWS:
        kernel = PackedDense(pixels, window.channels, count, finish)
        packed = kernel.pack(weights.reshape(count, -1))
    elif window.is_pointwise:
        kernel = PackedPointwise(pixels, window.channels, count, finish)
        packed = kernel.pack(weights.reshape(count, -1))
    else:
        kernel = PackedConv(window, count, zero_point_of(source.given(0)), finish)
        packed = kernel.pack(weights.reshape(count, window.kernel_height, window.kernel_width, -1))
    constants = packed, pack_parameters(channels.parameters, finish.doubled)
    return Call(kernel, (source.argument(0), *constants, Activation(source.output.index)))


def lower_depthwise(source: OperatorView) -> Call:
    """DEPTHWISE_CONV_2D."""
    weights = source.constant(1)
    window = source.convolution_window()
    out_channels = weights.shape[3]
    taps = weights.reshape(-1, out_channels).T.astype(np.int64)
    channels = _channels(source, taps, source.accumulator_scales(), Rounding.TWICE)
    zero_point = zero_point_of(source.given(0))
    place = source.argument(0)
    if source.uses_dsp and channels.requantization.short and fits_planes(window, out_channels):
        planar = PlanarDepthwise(window, zero_point, finish_of(channels.requantization))
        table = planar.pack(weights[0].astype(np.int8), channels.parameters)
        return Call(planar, (place, table, Activation(source.output.index)))
    kernel = Depthwise(window, out_channels // window.channels, zero_point, channels.requantization)
    constants = (kernel.pack(weights[0].astype(np.int8)), channels.parameters)
    return Call(kernel, (place, *constants, Activation(source.output.index)))
