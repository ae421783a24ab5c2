"""The end of every sum: from accumulators in registers to int8 values in memory."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deploy.quantize_math import INT8_MAX, INT8_MIN, Rounding


@dataclass(frozen=True)
class Finish:
    """The short form of `kernels.requantize.Requantization`, instruction by instruction.

    Attributes:
        rounding: of the multiplication. Where it rounds twice, accumulators are to be given doubled.
        zero_point, low, high: of the output, see `kernels.requantize.Clamp`.
    """

    rounding: Rounding
    zero_point: int
    low: int
    high: int

    @property
    def doubled(self) -> bool:
        """Whether accumulators are to be twice the sum."""
        return self.rounding is Rounding.TWICE

    @property
    def offset(self) -> int:
        """What the zero point and the half for rounding come to before the last bit is shifted out."""
        return 1 + 2 * self.zero_point

    def scale(self, value: str, multiplier: str, shift: str) -> list[str]:
        """Turn the accumulator in a register into the int8 value; `shift` is `quantize_math.channel_parameters`'."""
        lines = [f"{'smmulr' if self.doubled else 'smmul'} {value}, {value}, {multiplier}", *self._away(value)]
        return [*lines, f"asr {value}, {value}, {shift}", *add_constant(value, value, self.offset), *self._clamp(value)]

    def shift_constant(self, value: str, shift: int, offset: str) -> list[str]:
        """The same from the high word on, for a constant shift, and the offset in a register."""
        shifted = f"{value}, asr #{shift}" if shift else value
        return [*self._away(value), f"add {value}, {offset}, {shifted}", *self._clamp(value)]

    def _away(self, value: str) -> list[str]:
        """Ties go away from zero; but where negative values are cut off anyway, so is the difference."""
        twice = self.doubled and self.low < self.zero_point
        return [f"add {value}, {value}, {value}, asr #31"] if twice else []

    def _clamp(self, value: str) -> list[str]:
        """The last bit is shifted out after rounding, so that the zero point rides along."""
        lines = [f"ssat {value}, #8, {value}, asr #1"]
        if self.high < INT8_MAX:
            lines += [f"cmp {value}, #{self.high}", "it gt", f"movgt {value}, #{self.high}"]
        if self.low > INT8_MIN:
            lines += [f"cmp {value}, #{self.low}", "it lt", f"movlt {value}, #{self.low}"]
        return lines


def set_constant(target: str, number: int) -> list[str]:
    """target = number, any of 32 bits."""
    low, high = number & 0xFFFF, number >> 16 & 0xFFFF
    return [f"movw {target}, #{low}", *([f"movt {target}, #{high}"] if high else [])]


def add_constant(target: str, source: str, number: int, temporary: str | None = None) -> list[str]:
    """target = source + number; beyond 12 bits it takes another register for the number."""
    magnitude = abs(number)
    if number == 0 and target == source:
        return []
    if magnitude < 1 << 12:
        return [f"{'subw' if number < 0 else 'addw'} {target}, {source}, #{magnitude}"]
    assert temporary is not None, f"{number} needs a register"
    lines = set_constant(temporary, magnitude)
    return [*lines, f"{'sub' if number < 0 else 'add'} {target}, {source}, {temporary}"]
