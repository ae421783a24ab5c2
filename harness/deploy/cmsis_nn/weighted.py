"""Operators with weights: convolutions and dense layers."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from harness.deploy.cmsis_nn.c_function import KIND_OF_INT4_WEIGHTS, KINDS, CFunction, Kind, read, write
from harness.deploy.cmsis_nn.library import ROUNDING_ONCE
from harness.deploy.cmsis_nn.structures import (
    Structure,
    activation,
    buffer_bytes,
    dilation,
    dims,
    image,
    strides_and_padding,
)
from harness.deploy.operator_view import OperatorView, zero_point_of
from harness.deploy.program import Activation, Call
from harness.deploy.quantize_math import Multiplier, breaking_ties, largest_accumulator, quantize_multiplier
from harness.deploy.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.deploy.program import Argument

_QUANTIZATION = "static const cmsis_nn_per_channel_quant_params quantization = {(int32_t *)$3, (int32_t *)$4};"


def convolution(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """CONV_2D."""
    filters = image(view.constant(1).shape)
    return [_convolution(view, dsp, _window(view, view.constant(1).shape[1:3]), filters)]


def _convolution(view: OperatorView, dsp: bool, window: Window, filters: Structure) -> Call[CFunction]:
    params = Structure(
        "cmsis_nn_conv_params",
        {**_offsets(view), **strides_and_padding(window), **dilation(window), **_clamp(view)},
    )
    return _per_channel(view, "arm_convolve_wrapper", dsp, params, window, filters)


def depthwise_convolution(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """DEPTHWISE_CONV_2D."""
    weights = view.constant(1).shape
    window = _window(view, weights[1:3])
    params = Structure(
        "cmsis_nn_dw_conv_params",
        {
            **_offsets(view),
            "ch_mult": weights[3] // window.channels,
            **strides_and_padding(window),
            **dilation(window),
            **_clamp(view),
        },
    )
    return [_per_channel(view, "arm_depthwise_conv_wrapper", dsp, params, window, image(weights))]


def _window(view: OperatorView, kernel: tuple[int, ...]) -> Window:
    return view.window(kernel[0], kernel[1], (view.number("dilation_h_factor"), view.number("dilation_w_factor")))


def _per_channel(
    view: OperatorView, name: str, dsp: bool, params: Structure, window: Window, filters: Structure
) -> Call[CFunction]:
    kind = _kind(view)
    name = f"{name}_{kind.ending}"
    batch = prod(view.given(0).shape) // (window.height * window.width * window.channels)
    x = dims(batch, window.height, window.width, window.channels)
    y = dims(batch, window.out_height, window.out_width, view.output.shape[-1])
    channels = view.output.shape[-1]
    nbytes = buffer_bytes(name, dsp, params, x, filters, y)
    function = CFunction(
        name,
        parameters=(
            *("&context", "&params", "&quantization", "&input", read(0, kind.value), "&filters", read(1)),
            *("&bias", _bias(view), "&output", write(5, kind.value)),
        ),
        definitions=(
            f"static const cmsis_nn_context context = {{{'$6' if nbytes else 0}, {nbytes}}};",
            params.define("params"),
            _QUANTIZATION,
            *(x.define("input"), filters.define("filters"), dims(1, 1, 1, channels).define("bias"), y.define("output")),
        ),
        workspaces=(nbytes,) if nbytes else (),
        has_status=True,
    )
    multipliers = _multipliers(np.broadcast_to(view.accumulator_scales(), channels))
    return Call(function, (*_operands(view), *multipliers, Activation(view.output.index)))


def dense(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """FULLY_CONNECTED: CMSIS-NN's own where the weights have one scale, the product behind it where there are many."""
    scales = view.accumulator_scales()
    if len(scales) == 1:
        return [_dense_of_one_scale(view, float(scales[0]), dsp)]
    if view.output.dtype == "int16":
        return [_dense_as_convolution(view, dsp)]
    features, depth = view.constant(1).shape
    rows = prod(view.output.shape) // features
    numbers = (rows, features, depth, *_offsets(view).values(), *view.output_range(), depth)
    pointers = (read(0), read(1), _bias(view), write(5), read(3, "int32_t"), read(4, "int32_t"))
    name = f"arm_nn_mat_mult_nt_t_{_kind(view).ending}{ROUNDING_ONCE}"
    function = CFunction(name, (*pointers, *map(str, numbers)), has_status=True)
    multipliers = _as_words([_rounded_once(view, float(scale)) for scale in scales])
    return [Call(function, (*_operands(view), *multipliers, Activation(view.output.index)))]


def _rounded_once(view: OperatorView, scale: float) -> Multiplier:
    """CMSIS-NN rounds ties up, TFLite away from zero; where they can't be avoided, negative ones are a step apart."""
    multiplier = quantize_multiplier(scale)
    if view.output.dtype == "int16":
        return multiplier
    weights = view.constant(1).astype(np.int64)
    bias = view.biases(len(weights), "int64")
    return breaking_ties(multiplier, largest_accumulator(weights, bias, zero_point_of(view.given(0)))) or multiplier


def _dense_of_one_scale(view: OperatorView, scale: float, dsp: bool) -> Call[CFunction]:
    kind = _kind(view)
    features, depth = view.constant(1).shape
    rows = prod(view.output.shape) // features
    params = Structure(
        "cmsis_nn_fc_params",
        {"input_offset": -zero_point_of(view.given(0)), "filter_offset": 0, **_output_offset(view), **_clamp(view)},
    )
    filters = dims(depth, 1, 1, features)
    name = f"arm_fully_connected_{kind.ending}"
    nbytes = 0 if kind is KIND_OF_INT4_WEIGHTS else buffer_bytes(name, dsp, filters)
    multiplier = _rounded_once(view, scale)
    quantization = Structure(
        "cmsis_nn_per_tensor_quant_params", {"multiplier": multiplier.quantized, "shift": multiplier.shift}
    )
    function = CFunction(
        name,
        parameters=(
            *("&context", "&params", "&quantization", "&input", read(0, kind.value), "&filters", read(1)),
            *("&bias", _bias(view), "&output", write(3, kind.value)),
        ),
        definitions=(
            f"static const cmsis_nn_context context = {{{'$4' if nbytes else 0}, {nbytes}}};",
            params.define("params"),
            quantization.define("quantization"),
            dims(rows, 1, 1, depth).define("input"),
            filters.define("filters"),
            dims(1, 1, 1, features).define("bias"),
            dims(rows, 1, 1, features).define("output"),
        ),
        workspaces=(nbytes,) if nbytes else (),
        has_status=True,
    )
    return Call(function, (*_operands(view), Activation(view.output.index)))


def _dense_as_convolution(view: OperatorView, dsp: bool) -> Call[CFunction]:
    """Rows are the pixels of a pointwise convolution: in 16 bits, the arithmetic of both is the same."""
    features, depth = view.constant(1).shape
    rows = prod(view.output.shape) // features
    return _convolution(view, dsp, Window(1, rows, depth, 1, rows, 1, 1), dims(features, 1, 1, depth))


def _bias(view: OperatorView) -> str:
    return read(2, _kind(view).bias) if view.input(2) else "0"


def _kind(view: OperatorView) -> Kind:
    return KIND_OF_INT4_WEIGHTS if _stays_packed(view) else KINDS[view.output.dtype]


def _stays_packed(view: OperatorView) -> bool:
    """Whether int4 weights are given to a kernel for them, and not unpacked to int8.

    `arm_depthwise_conv_s4` (without the DSP extension, and for multipliers, dilation and batches) loses count of the
    halves of bytes where the number of channels is odd and a window lies partly outside the image.
    """
    is_lost = view.operator.op == "DEPTHWISE_CONV_2D" and view.given(0).shape[3] % 2 == 1
    return view.given(1).dtype == "int4" and not is_lost


def _operands(view: OperatorView) -> tuple[Argument, Argument, Argument]:
    """Input, weights and bias; where there is no bias, the weights take its place, unused."""
    weights = view.constant(1)
    if _stays_packed(view):
        # Two in a byte, the first in the low half, as in the file.
        halves = np.append(weights.astype(np.int8).ravel().view(np.uint8) & 0xF, np.zeros(weights.size % 2, np.uint8))
        weights = halves[::2] | (halves[1::2] << 4)
    return view.argument(0), weights, view.constant(2) if view.input(2) else weights


def _multipliers(scales: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Quantized multipliers and shifts of each channel."""
    return _as_words([quantize_multiplier(float(scale)) for scale in scales])


def _as_words(each: Sequence[Multiplier]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return np.array([m.quantized for m in each], np.int32), np.array([m.shift for m in each], np.int32)


def _offsets(view: OperatorView) -> dict[str, int | Structure]:
    return {"input_offset": -zero_point_of(view.given(0)), **_output_offset(view)}


def _output_offset(view: OperatorView) -> dict[str, int | Structure]:
    return {"output_offset": zero_point_of(view.output)}


def _clamp(view: OperatorView) -> dict[str, int | Structure]:
    return {"activation": activation(view.output_range())}
