"""3x3 windows over planes of one channel each: the inner loops of depthwise convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.deploy.tvm.micro.finish import Finish, add_constant
from harness.deploy.tvm.micro.micro_kernel import MicroKernel

CHANNELS = 4
"""Planes of one call."""
TABLE_WORDS = 9
"""Of a channel: for each row of the kernel its taps (0, 1) and (1, 2), then bias, multiplier, shift."""

_FRAME = 40
# What lies on the stack.
_BIAS, _MULTIPLIER, _ROWS_LEFT, _ROW_END, _PLANE, _TABLE, _OUTPUT, _ROWS, _CHANNELS = 0, 4, 12, 16, 20, 24, 28, 32, 36
_INPUT, _Y = "r0", "r1"
_TAPS = (("r4", "r5"), ("r6", "r7"), ("r8", "r9"))
_SUMS = ("r2", "r3", "r10", "r11")
_VALUES = ("r12", "lr")


@dataclass(frozen=True)
class PlaneDots(MicroKernel):
    """void f(const int16_t *planes, const int32_t *table, int8_t *y, uint32_t rows).

    Attributes:
        columns: outputs in a row.
        stride: of the window, 1 or 2, in both directions.
        pitch: bytes from a row of a plane to the next; rows begin with a word.
        plane: bytes from a plane to the next.
        out_channels: bytes from an output to the next.
    """

    kind: ClassVar[str] = "planes"
    columns: int
    stride: int
    pitch: int
    plane: int
    out_channels: int
    finish: Finish

    def body(self) -> list[str]:
        return [
            *("push {r4-r11, lr}", f"sub sp, sp, #{_FRAME}", f"str r0, [sp, #{_PLANE}]"),
            *(f"str r2, [sp, #{_OUTPUT}]", f"str r3, [sp, #{_ROWS}]"),
            *(f"mov r12, #{CHANNELS}", f"str r12, [sp, #{_CHANNELS}]"),
            *("1:", "ldm r1!, {r4-r12}", f"str r1, [sp, #{_TABLE}]", f"str r10, [sp, #{_BIAS}]"),
            *(f"strd r11, r12, [sp, #{_MULTIPLIER}]", f"ldr r3, [sp, #{_ROWS}]", f"str r3, [sp, #{_ROWS_LEFT}]"),
            *(f"ldr {_INPUT}, [sp, #{_PLANE}]", f"ldr {_Y}, [sp, #{_OUTPUT}]"),
            *("2:", *self._row(), f"ldr lr, [sp, #{_ROWS_LEFT}]", "subs lr, lr, #1"),
            *(f"str lr, [sp, #{_ROWS_LEFT}]", "bne 2b"),
            *(f"ldr r0, [sp, #{_PLANE}]", *add_constant("r0", "r0", self.plane, "lr"), f"str r0, [sp, #{_PLANE}]"),
            *(f"ldr r1, [sp, #{_OUTPUT}]", "add r1, r1, #1", f"str r1, [sp, #{_OUTPUT}]"),
            *(f"ldr r1, [sp, #{_TABLE}]", f"ldr lr, [sp, #{_CHANNELS}]", "subs lr, lr, #1"),
            *(f"str lr, [sp, #{_CHANNELS}]", "bne 1b"),
            *(f"add sp, sp, #{_FRAME}", "pop {r4-r11, pc}"),
        ]

    def _row(self) -> list[str]:
        lines = []
        fours, rest = divmod(self.columns, 4)
        if fours > 1:
            lines += [*add_constant("lr", _INPUT, 8 * self.stride * fours, "r12"), f"str lr, [sp, #{_ROW_END}]", "3:"]
        if fours:
            lines += self._tile(4)
        if fours > 1:
            lines += [f"ldr lr, [sp, #{_ROW_END}]", f"cmp {_INPUT}, lr", "bne 3b"]
        for count in (2, 1):
            if rest & count:
                lines += self._tile(count)
        return [*lines, *add_constant(_INPUT, _INPUT, self.stride * (self.pitch - 2 * self.columns), "lr")]

    def _tile(self, count: int) -> list[str]:
        """So many outputs, and on to the next."""
        lines = [f"ldr {_SUMS[0]}, [sp, #{_BIAS}]"]
        window = self._window_of_one if self.stride == 1 else self._window_of_two
        for row, taps in enumerate(_TAPS):
            part = window(count, row * self.pitch, *taps)
            if row == 0:
                loads = [line for line in part[:2] if line.startswith("ldr")]
                lines += [*loads, *(f"mov {register}, {_SUMS[0]}" for register in _SUMS[1:count])]
                part = part[len(loads) :]
            lines += part
        lines.append(f"ldrd r12, lr, [sp, #{_MULTIPLIER}]")
        for n in range(count):
            lines += self.finish.scale(_SUMS[n], "r12", "lr")
            lines.append(f"strb {_SUMS[n]}, [{_Y}, #{n * self.out_channels}]")
        lines += add_constant(_INPUT, _INPUT, 2 * self.stride * count)
        return [*lines, *add_constant(_Y, _Y, count * self.out_channels, "r12")]

    def _window_of_one(self, count: int, offset: int, first: str, last: str) -> list[str]:
        """One row of the kernel, by steps of 1: a word holds the begin of one output and the middle of another."""
        lines = [_load(0, offset), _load(1, offset)]
        for word in range((count + 1) // 2):
            begin, end = _VALUES[word % 2], _VALUES[(word + 1) % 2]
            even, odd = _SUMS[2 * word], _SUMS[2 * word + 1]
            both = count > 2 * word + 1
            lines.append(f"smlad {even}, {begin}, {first}, {even}")
            if both:
                lines.append(f"smlatb {odd}, {begin}, {first}, {odd}")
            if word:
                lines.append(_load(word + 1, offset))
            lines.append(f"smlabt {even}, {end}, {last}, {even}")
            if both:
                lines.append(f"smlad {odd}, {end}, {last}, {odd}")
        return lines

    def _window_of_two(self, count: int, offset: int, first: str, last: str) -> list[str]:
        """One row of the kernel, by steps of 2: every output begins a word."""
        lines = [_load(0, offset), _load(1, offset)]
        for n in range(count):
            begin, end = _VALUES[n % 2], _VALUES[(n + 1) % 2]
            lines.append(f"smlad {_SUMS[n]}, {begin}, {first}, {_SUMS[n]}")
            if n:
                lines.append(_load(n + 1, offset))
            lines.append(f"smlabt {_SUMS[n]}, {end}, {last}, {_SUMS[n]}")
        return lines


def _load(word: int, offset: int) -> str:
    return f"ldr {_VALUES[word % 2]}, [{_INPUT}, #{offset + 4 * word}]"
