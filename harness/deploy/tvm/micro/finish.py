"""The end of every sum: from accumulators in registers to int8 values in memory."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deploy.tvm.quantize_math import INT8_MAX, INT8_MIN, Rounding


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

    def scale(self, value: str, multiplier: str, shift: str) -> list[str]:
        """Turn the accumulator in a register into the int8 value; `shift` is `quantize_math.channel_parameters`'."""
        if self.doubled:
            lines = [f"smmulr {value}, {value}, {multiplier}"]
            if self.low < self.zero_point:
                # Ties go away from zero; but where negative values are cut off anyway, so is the difference.
                lines.append(f"add {value}, {value}, {value}, asr #31")
        else:
            lines = [f"smmul {value}, {value}, {multiplier}"]
        lines += [f"asr {value}, {value}, {shift}", *add_constant(value, value, 1 + 2 * self.zero_point)]
        # The last bit is shifted out after rounding, so that the zero point rides along.
        lines.append(f"ssat {value}, #8, {value}, asr #1")
        if self.high < INT8_MAX:
            lines += [f"cmp {value}, #{self.high}", "it gt", f"movgt {value}, #{self.high}"]
        if self.low > INT8_MIN:
            lines += [f"cmp {value}, #{self.low}", "it lt", f"movlt {value}, #{self.low}"]
        return lines


def add_constant(target: str, source: str, number: int, temporary: str | None = None) -> list[str]:
    """target = source + number; beyond 12 bits it takes another register for the number."""
    magnitude = abs(number)
    if number == 0 and target == source:
        return []
    if magnitude < 1 << 12:
        return [f"{'subw' if number < 0 else 'addw'} {target}, {source}, #{magnitude}"]
    assert temporary is not None, f"{number} needs a register"
    lines = [f"movw {temporary}, #{magnitude & 0xFFFF}"]
    if magnitude >> 16:
        lines.append(f"movt {temporary}, #{magnitude >> 16}")
    return [*lines, f"{'sub' if number < 0 else 'add'} {target}, {source}, {temporary}"]
