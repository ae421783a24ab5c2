"""From an int32 accumulator to an int8 output, as TFLite's `MultiplyByQuantizedMultiplier` does it."""

from __future__ import annotations

from dataclasses import dataclass

from tvm.ir import Expr
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.quantize_math import Multiplier, Rounding
from harness.deploy.tvm.kernels.dsp import smmul, smmulr
from harness.deploy.tvm.kernels.kernel import registers, store


@dataclass(frozen=True)
class Clamp:
    """What follows the scaling: the output's zero point, and its fused activation in stored values."""

    zero_point: int
    low: int
    high: int

    def apply(self, value: Expr) -> Expr:
        """The int32 value, zero point included, within the range, as int8."""
        return T.max(T.min(value, T.int32(self.high)), T.int32(self.low)).astype("int8")


@dataclass(frozen=True)
class Requantization:
    """How accumulators become outputs; `short` if `quantize_math.has_short_form`."""

    clamp: Clamp
    rounding: Rounding
    short: bool

    def apply(self, accumulator: Expr, multiplier: Expr, shift: Expr) -> Expr:
        """The int8 output; multiplier and shift as in `channel_parameters`."""
        if self.short:
            return self.clamp.apply(self._short(accumulator, multiplier, shift))
        scaled = _rounded_once if self.rounding is Rounding.ONCE else _rounded_twice
        return self.clamp.apply(scaled(accumulator, multiplier, shift) + T.int32(self.clamp.zero_point))

    def _short(self, accumulator: Expr, multiplier: Expr, shift_less_one: Expr) -> Expr:
        if self.rounding is Rounding.ONCE:
            scaled = smmul(accumulator, multiplier)
        else:
            scaled = smmulr(T.shift_left(accumulator, 1), multiplier)
            if self.clamp.low < self.clamp.zero_point:
                # Ties go away from zero; but where negative values are cut off anyway, so is the difference.
                scaled = scaled + T.shift_right(scaled, 31)
        # The last bit is shifted out after rounding, so that the zero point rides along.
        halves = T.shift_right(scaled, shift_less_one)
        return T.shift_right(halves + T.int32(1 + 2 * self.clamp.zero_point), 1)


def _rounded_once(accumulator: Expr, multiplier: Expr, total_shift: Expr) -> Expr:
    shift = total_shift.astype("int64")
    half = T.shift_left(T.int64(1), shift - T.int64(1))
    product = accumulator.astype("int64") * multiplier.astype("int64")
    # Ties go away from zero: one less where the product is negative.
    return T.shift_right(product + half + T.shift_right(product, T.int64(63)), shift).astype("int32")


def _rounded_twice(accumulator: Expr, multiplier: Expr, shift: Expr) -> Expr:
    left, right = T.max(shift, T.int32(0)), T.max(T.int32(0) - shift, T.int32(0))
    return rounding_shift_right(doubling_high_multiply(T.shift_left(accumulator, left), multiplier), right)


def doubling_high_multiply(a: Expr, b: Expr) -> Expr:
    """gemmlowp's `SaturatingRoundingDoublingHighMul`; a and b are not both the smallest int32."""
    product = a.astype("int64") * b.astype("int64") + T.int64(1 << 30)
    return T.shift_right(product, T.int64(31)).astype("int32")


def rounding_shift_right(value: Expr, exponent: Expr) -> Expr:
    """gemmlowp's `RoundingDivideByPOT`, free of overflow; ties away from zero."""
    mask = T.shift_left(T.int32(1), exponent) - T.int32(1)
    threshold = T.shift_right(mask, 1) + T.Select(value < 0, T.int32(1), T.int32(0))
    up = T.Select(T.bitwise_and(value, mask) > threshold, T.int32(1), T.int32(0))
    return T.shift_right(value, exponent) + up


def multiply(value: Expr, by: Multiplier) -> Expr:
    """`MultiplyByQuantizedMultiplier` by a constant, rounding twice; emits a variable, without which TVM takes long."""
    product = registers(1)
    store(product, 0, doubling_high_multiply(T.shift_left(value, by.left), T.int32(by.quantized)))
    return rounding_shift_right(product[0], T.int32(by.right)) if by.right else product[0]
