"""Operators with weights: convolutions and dense layers."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from harness.deploy.cmsis_nn.c_function import CFunction, read, write
from harness.deploy.cmsis_nn.library import MATRICES_ROUNDING_ONCE
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
from harness.deploy.quantize_math import quantize_multiplier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.deploy.program import Argument

_QUANTIZATION = "static const cmsis_nn_per_channel_quant_params quantization = {(int32_t *)$3, (int32_t *)$4};"


def convolution(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """CONV_2D."""
    weights = view.constant(1)
    out_channels, height, width, depth = weights.shape
    window = view.window(height, width, (view.number("dilation_h_factor"), view.number("dilation_w_factor")))
    params = Structure(
        "cmsis_nn_conv_params",
        {**_offsets(view), **strides_and_padding(window), **dilation(window), **_clamp(view)},
    )
    filters = dims(out_channels, height, width, depth)
    return [_per_channel(view, "arm_convolve_wrapper_s8", dsp, params, filters)]


def depthwise_convolution(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """DEPTHWISE_CONV_2D."""
    _, height, width, out_channels = view.constant(1).shape
    window = view.window(height, width, (view.number("dilation_h_factor"), view.number("dilation_w_factor")))
    params = Structure(
        "cmsis_nn_dw_conv_params",
        {
            **_offsets(view),
            "ch_mult": out_channels // window.channels,
            **strides_and_padding(window),
            **dilation(window),
            **_clamp(view),
        },
    )
    return [_per_channel(view, "arm_depthwise_conv_wrapper_s8", dsp, params, dims(1, height, width, out_channels))]


def _per_channel(view: OperatorView, name: str, dsp: bool, params: Structure, filters: Structure) -> Call[CFunction]:
    x, y = image(view.given(0).shape), image(view.output.shape)
    channels = view.output.shape[-1]
    nbytes = buffer_bytes(name, dsp, params, x, filters, y)
    function = CFunction(
        name,
        parameters=(
            *("&context", "&params", "&quantization", "&input", read(0), "&filters", read(1)),
            *("&bias", read(2, "int32_t") if view.input(2) else "0", "&output", write(5)),
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
    multipliers = _multipliers(np.broadcast_to(view.convolution_scales(), channels))
    return Call(function, (*_operands(view), *multipliers, Activation(view.output.index)))


def dense(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """FULLY_CONNECTED: CMSIS-NN's own where the weights have one scale, the product behind it where there are many."""
    features, depth = view.constant(1).shape
    rows = prod(view.output.shape) // features
    scales = view.dense_scales()
    arguments = (*_operands(view), *_multipliers(scales), Activation(view.output.index))
    bias = read(2, "int32_t") if view.input(2) else "0"
    if len(scales) > 1:
        low, high = view.output_range()
        numbers = (rows, features, depth, *_offsets(view).values(), low, high, depth)
        pointers = (read(0), read(1), bias, write(5), read(3, "int32_t"), read(4, "int32_t"))
        function = CFunction(MATRICES_ROUNDING_ONCE, (*pointers, *map(str, numbers)), has_status=True)
        return [Call(function, arguments)]
    params = Structure(
        "cmsis_nn_fc_params",
        {"input_offset": -zero_point_of(view.given(0)), "filter_offset": 0, **_output_offset(view), **_clamp(view)},
    )
    filters = dims(depth, 1, 1, features)
    nbytes = buffer_bytes("arm_fully_connected_s8", dsp, filters)
    multiplier = quantize_multiplier(float(scales[0]))
    quantization = Structure(
        "cmsis_nn_per_tensor_quant_params", {"multiplier": multiplier.quantized, "shift": multiplier.shift}
    )
    function = CFunction(
        "arm_fully_connected_s8",
        parameters=(
            *("&context", "&params", "&quantization", "&input", read(0), "&filters", read(1)),
            *("&bias", bias, "&output", write(3)),
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
    return [Call(function, (*_operands(view), Activation(view.output.index)))]


def _operands(view: OperatorView) -> tuple[Argument, Argument, Argument]:
    """Input, weights and bias; where there is no bias, the weights take its place, unused."""
    return view.argument(0), view.constant(1), view.constant(2) if view.input(2) else view.constant(1)


def _multipliers(scales: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Quantized multipliers and shifts of each channel."""
    each = [quantize_multiplier(float(scale)) for scale in scales]
    return np.array([m.quantized for m in each], np.int32), np.array([m.shift for m in each], np.int32)


def _offsets(view: OperatorView) -> dict[str, int | Structure]:
    return {"input_offset": -zero_point_of(view.given(0)), **_output_offset(view)}


def _output_offset(view: OperatorView) -> dict[str, int | Structure]:
    return {"output_offset": zero_point_of(view.output)}


def _clamp(view: OperatorView) -> dict[str, int | Structure]:
    return {"activation": activation(view.output_range())}
