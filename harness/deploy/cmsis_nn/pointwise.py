"""Operators that make each value into another, whatever its neighbours are; int8 by tables."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from harness.deploy.cmsis_nn.c_function import KINDS, CFunction, read, write
from harness.deploy.curves import INT8_VALUES, curve_table
from harness.deploy.operator_view import OperatorView, scale_of, zero_point_of
from harness.deploy.program import Activation, Call
from harness.deploy.quantize_math import multiply, quantize_multiplier

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clamp(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """RELU and its like; TFLite divides their scales in single precision."""
    ratio = float(view.given(0).scales[0] / view.output.scales[0])
    return [_rescale(view, ratio, *view.output_range(view.operator.op))]


def quantize(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """QUANTIZE of floats, or of integers to another scale."""
    x, y = view.given(0), view.output
    if x.dtype != "float32":
        return [_rescale(view, scale_of(x) / scale_of(y), *view.output_range("NONE"))]
    kind = KINDS[y.dtype]
    numbers = (_float(scale_of(y)), str(zero_point_of(y)), str(prod(x.shape)))
    return [_call(view, CFunction(f"quantize_{kind.ending}", (read(0, "float"), *numbers, write(1, kind.value))))]


def dequantize(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """DEQUANTIZE."""
    x, kind = view.given(0), KINDS[view.given(0).dtype]
    numbers = (_float(scale_of(x)), str(zero_point_of(x)), str(prod(x.shape)))
    return [_call(view, CFunction(f"dequantize_{kind.ending}", (read(0, kind.value), *numbers, write(1, "float"))))]


def _float(value: float) -> str:
    return f"{value.hex()}f"


def _rescale(view: OperatorView, ratio: float, low: int, high: int) -> Call[CFunction]:
    """Another scale and zero point, and a clamp: for int8 a table of all 256 values, indexed by their bits."""
    x, y = view.given(0), view.output
    by = quantize_multiplier(ratio)
    if (x.dtype, y.dtype) != ("int8", "int8"):
        source, target = KINDS[x.dtype], KINDS[y.dtype]
        numbers = (prod(x.shape), zero_point_of(x), by.quantized, by.shift, zero_point_of(y), low, high)
        parameters = (read(0, source.value), *map(str, numbers), write(1, target.value))
        return _call(view, CFunction(f"rescale_{source.ending}_{target.ending}", parameters))
    values = (multiply(stored - zero_point_of(x), by) + zero_point_of(y) for stored in INT8_VALUES)
    return _look_up(view, np.array([min(max(value, low), high) for value in values], np.int8))


def leaky(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """LEAKY_RELU of int8: one scale for what is positive, another for what is not, both in single precision."""
    x, y = view.given(0), view.output
    scales = (x.scales[0] / y.scales[0], x.scales[0] * np.float32(view.real("alpha")) / y.scales[0])
    above, below = (quantize_multiplier(float(scale)) for scale in scales)
    differences = (stored - zero_point_of(x) for stored in INT8_VALUES)
    values = (multiply(each, above if each >= 0 else below) + zero_point_of(y) for each in differences)
    return [_look_up(view, np.array([min(max(value, -128), 127) for value in values], np.int8))]


def curve(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """LOGISTIC and TANH of int8."""
    x = view.given(0)
    return [_look_up(view, curve_table(view.operator.op, scale_of(x), zero_point_of(x)))]


def _look_up(view: OperatorView, table: NDArray[np.int8]) -> Call[CFunction]:
    function = CFunction("look_up_s8", (read(0), read(1), str(prod(view.given(0).shape)), write(2)))
    return Call(function, (view.argument(0), table, Activation(view.output.index)))


def _call(view: OperatorView, function: CFunction) -> Call[CFunction]:
    return Call(function, (view.argument(0), Activation(view.output.index)))
