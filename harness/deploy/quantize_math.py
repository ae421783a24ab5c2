"""The fixed-point arithmetic of TFLite's reference kernels, host side: multipliers, clamps and tables.

Formulas: tensorflow/lite/kernels/internal/quantization_util.cc and kernel_util.cc, and gemmlowp's fixedpoint.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import floor, frexp
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INT8_MIN, INT8_MAX = -128, 127
INT32_MAX = 2**31 - 1
_WORD = 32


@dataclass(frozen=True)
class Multiplier:
    """A positive real number as `quantized * 2**(shift - 31)`, `quantized` in [2**30, 2**31) or 0."""

    quantized: int
    shift: int

    @property
    def left(self) -> int:
        return max(self.shift, 0)

    @property
    def right(self) -> int:
        return max(-self.shift, 0)

    @property
    def total_shift(self) -> int:
        """The right shift of the whole product; 1 to 62."""
        return 31 - self.shift


EIGHTH = Multiplier(1 << 30, -2)
"""One eighth, which takes multiples of eight to what they are eight times of, exactly, and has both short forms."""


class Rounding(Enum):
    """How `MultiplyByQuantizedMultiplier` rounds.

    Measured against the reference kernels of ai-edge-litert 2.3: FULLY_CONNECTED rounds once, all others twice.
    """

    ONCE = "the whole product, ties away from zero"
    TWICE = "its high half, ties up, and then the shift, ties away from zero"


def quantize_multiplier(real: float) -> Multiplier:
    """TFLite's `QuantizeMultiplier`: too small a number becomes 0, too large a one the largest there is."""
    if real == 0:
        return Multiplier(0, 0)
    fraction, shift = frexp(real)
    quantized = floor(fraction * 2**31 + 0.5)
    if quantized == 2**31:
        quantized, shift = quantized // 2, shift + 1
    if shift < -31:
        return Multiplier(0, 0)
    if shift > 30:
        return Multiplier(INT32_MAX, 30)
    return Multiplier(quantized, shift)


def doubling_high_multiply(a: int, b: int) -> int:
    """gemmlowp's `SaturatingRoundingDoublingHighMul`."""
    return min((a * b + 2**30) >> 31, INT32_MAX)


def rounding_shift_right(value: int, exponent: int) -> int:
    """gemmlowp's `RoundingDivideByPOT`: to nearest, ties away from zero."""
    if exponent == 0:
        return value
    return (value + (1 << (exponent - 1)) - (value < 0)) >> exponent


def multiply(value: int, by: Multiplier, rounding: Rounding = Rounding.TWICE) -> int:
    """TFLite's `MultiplyByQuantizedMultiplier`."""
    if rounding is Rounding.ONCE:
        product = value * by.quantized
        return (product + (1 << (by.total_shift - 1)) - (product < 0)) >> by.total_shift
    return rounding_shift_right(doubling_high_multiply(value << by.left, by.quantized), by.right)


def activation_range(activation: str, scale: float, zero_point: int, dtype: str = "int8") -> tuple[int, int]:
    """The stored values (low, high) that a fused activation lets through; scale, zero point, type are the output's."""
    limits = np.iinfo(dtype)

    def stored(real: float) -> int:
        quotient = float(np.float32(real) / np.float32(scale))
        return zero_point + int(np.sign(quotient) * floor(abs(quotient) + 0.5))

    low, high = {
        "NONE": (limits.min, limits.max),
        "RELU": (stored(0.0), limits.max),
        "RELU6": (stored(0.0), stored(6.0)),
        "RELU_N1_TO_1": (stored(-1.0), stored(1.0)),
    }[activation]
    return max(low, int(limits.min)), min(high, int(limits.max))


def largest_accumulator(weights: NDArray[np.int64], bias: NDArray[np.int64], zero_point: int) -> int:
    """The greatest magnitude that a sum can have, of (out_channels, taps) weights and int8 inputs."""
    farthest = max(INT8_MAX - zero_point, zero_point - INT8_MIN)
    return int((np.abs(bias) + np.abs(weights).sum(axis=1) * farthest).max(initial=0))


def breaking_ties(by: Multiplier, largest: int) -> Multiplier | None:
    """A multiplier by which accumulators up to this magnitude have no ties, and round once as by `by`.

    So kernels may round ties as is quickest. Products lie as far apart as the lowest bit of `quantized` says: where
    that is more than the accumulator, one more in `quantized` moves ties away from zero, and nothing else past a tie.

    Returns:
        None where there are ties, and that bit is too low: with scales whose ratio has only some ten bits.
    """
    if not by.quantized:
        return by
    lowest = (by.quantized & -by.quantized).bit_length() - 1
    of_a_tie = by.total_shift - 1 - lowest
    if of_a_tie < 0 or 1 << of_a_tie > largest:
        return by
    return Multiplier(by.quantized + 1, by.shift) if largest < 1 << lowest else None


def has_short_form(multipliers: Sequence[Multiplier], rounding: Rounding, largest_accumulator: int) -> bool:
    """Whether a few instructions are exact for accumulators up to this magnitude: true of all but odd models.

    Both short forms leave the last bit of the shift to round with. Rounding once, it takes no more than the high word
    of the product, and there must be no ties (see `breaking_ties`); rounding twice, the accumulator is doubled in 32
    bits.
    """
    scales = [each for each in multipliers if each.quantized]
    if rounding is Rounding.ONCE:
        return all(each.total_shift > _WORD for each in scales)
    return largest_accumulator < 2**30 and all(each.right > 0 for each in scales)


def channel_parameters(
    bias: NDArray[np.int64], multipliers: Sequence[Multiplier], rounding: Rounding, short: bool
) -> NDArray[np.int32]:
    """(channels * 3) words as the kernels read them: bias, multiplier and shift of each channel.

    The shift is that of the whole product when rounding once, TFLite's own when rounding twice, and in their short
    forms the right shift of the high word less one.
    """
    spent = _WORD if rounding is Rounding.ONCE else _WORD - 1
    words = np.empty((len(multipliers), 3), np.int64)
    words[:, 0] = bias
    words[:, 1] = [each.quantized for each in multipliers]
    if short:
        words[:, 2] = [max(each.total_shift - spent - 1, 0) for each in multipliers]
    else:
        words[:, 2] = [each.total_shift if rounding is Rounding.ONCE else each.shift for each in multipliers]
    return words.astype(np.int32).ravel()


def exp_of_differences(multiplier: Multiplier, smallest: int) -> NDArray[np.int32]:
    """exp(-d) as raw Q0.31 for the differences d = 0..255 of two int8 values, 0 beyond `smallest` (which is negative).

    As gemmlowp computes it, so that a softmax that looks it up is exact.
    """
    return np.array([_exp(multiply(-d, multiplier)) if -d >= smallest else 0 for d in range(256)], np.int32)


def _exp(raw: int) -> int:
    """gemmlowp's `exp_on_negative_values` for raw Q5.26, to raw Q0.31."""
    if raw == 0:
        return INT32_MAX
    quarter = 1 << 24
    part = (raw & (quarter - 1)) - quarter
    result = _exp_near_zero(part << 5)
    remainder = part - raw
    for exponent, factor in enumerate((1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242), start=24):
        if remainder & (1 << exponent):
            result = doubling_high_multiply(result, factor)
    return result


def _exp_near_zero(raw: int) -> int:
    """exp of [-1/4, 0) in raw Q0.31: the Taylor series about -1/8."""
    x = raw + (1 << 28)
    x2 = doubling_high_multiply(x, x)
    x3 = doubling_high_multiply(x2, x)
    x4 = rounding_shift_right(doubling_high_multiply(x2, x2), 2)
    third = 715827883
    tail = rounding_shift_right(doubling_high_multiply(x4 + x3, third) + x2, 1)
    constant = 1895147668
    return constant + doubling_high_multiply(constant, x + tail)
