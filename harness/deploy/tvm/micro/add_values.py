"""Sums of two int8 tensors of one shape: residual connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.deploy.quantize_math import Multiplier
from harness.deploy.tvm.micro.finish import Finish, set_constant
from harness.deploy.tvm.micro.micro_kernel import MicroKernel

_LEFT, _RIGHT, _OUTPUT, _COUNT = "r0", "r1", "r2", "r3"
_PAIRS = 4
_LEFT_SHIFT = 20
_HALF = 1 << 30


@dataclass(frozen=True)
class Term:
    """One of both inputs.

    Attributes:
        scale: its own over twice the larger of both; never more than a half.
    """

    zero_point: int
    scale: Multiplier

    @property
    def is_half(self) -> bool:
        """Whether the multiplication is by exactly a half, which needs no rounding."""
        return (self.scale.quantized, self.scale.shift) == (_HALF, 0)

    @property
    def shift(self) -> int:
        """To the left, of the value: TFLite's 20, and what `smmulr` takes for the doubling high multiplication."""
        return _LEFT_SHIFT - 1 if self.is_half else _LEFT_SHIFT + 1

    @property
    def offset(self) -> int:
        """What the zero point amounts to, shifted alike."""
        return -(self.zero_point << self.shift)


@dataclass(frozen=True)
class AddValues(MicroKernel):
    """void f(const int8_t *left, const int8_t *right, int8_t *y, uint32_t count); y may be left or right.

    TFLite's own arithmetic (`AddElementwise`): both inputs shifted to the left by 20 and scaled, added, scaled.

    Attributes:
        scale: of the sum; its right shift is 1 or more.
    """

    kind: ClassVar[str] = "add_values"
    left: Term
    right: Term
    scale: Multiplier
    finish: Finish

    def body(self) -> list[str]:
        constants = {
            "r8": self.left.offset,
            "r9": self.right.offset,
            "r10": self.right.scale.quantized,
            "r11": self.scale.quantized,
            "r12": self.finish.offset,
            "lr": self.left.scale.quantized,
        }
        lines = ["push {r4-r11, lr}"]
        for register, number in constants.items():
            lines += set_constant(register, number)
        lines += [f"subs {_COUNT}, {_COUNT}, #{2 * _PAIRS}", "blo 2f", "1:"]
        for _ in range(_PAIRS):
            lines += self._values((("r4", "r5"), ("r6", "r7")))
        lines += [f"subs {_COUNT}, {_COUNT}, #{2 * _PAIRS}", "bhs 1b"]
        lines += ["2:", f"adds {_COUNT}, {_COUNT}, #{2 * _PAIRS}", "beq 4f"]
        lines += ["3:", *self._values((("r4", "r5"),)), f"subs {_COUNT}, {_COUNT}, #1", "bne 3b"]
        return [*lines, "4:", "pop {r4-r11, pc}"]

    def _values(self, pairs: tuple[tuple[str, str], ...]) -> list[str]:
        lines = [f"ldrsb {left}, [{_LEFT}], #1" for left, _ in pairs]
        lines += [f"ldrsb {right}, [{_RIGHT}], #1" for _, right in pairs]
        for left, right in pairs:
            lines += self._sum(left, right)
            lines.append(f"strb {left}, [{_OUTPUT}], #1")
        return lines

    def _sum(self, left: str, right: str) -> list[str]:
        """The sum of values in two registers, in the first."""
        lines = [
            f"add {left}, r8, {left}, lsl #{self.left.shift}",
            *(
                []
                if self.left.is_half
                else [f"smmulr {left}, {left}, lr", *_rounded_shift(left, self.left.scale.right)]
            ),
            f"add {right}, r9, {right}, lsl #{self.right.shift}",
        ]
        if self.right.is_half:
            lines.append(f"add {left}, {left}, {right}")
        else:
            lines += [f"smmulr {right}, {right}, r10", *_rounded_shift(right, self.right.scale.right)]
            lines.append(f"add {left}, {left}, {right}")
        lines += [f"lsl {left}, {left}, #1", f"smmulr {left}, {left}, r11"]
        return [*lines, *self.finish.shift_constant(left, self.scale.right - 1, "r12")]


def _rounded_shift(value: str, exponent: int) -> list[str]:
    """To the right, ties away from zero."""
    if exponent == 0:
        return []
    half = f"add {value}, {value}, #{1 << (exponent - 1)}"
    return [f"add {value}, {value}, {value}, asr #31", half, f"asr {value}, {value}, #{exponent}"]
