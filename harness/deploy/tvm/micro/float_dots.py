"""Dot products of four pixels with the weights of four output channels, in single precision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from harness.deploy.tvm.micro.finish import add_constant, set_constant
from harness.deploy.tvm.micro.micro_kernel import MicroKernel

PIXELS = 4
CHANNELS = 4
_MOST_STEPS = 4
"""Inputs in one iteration of the inner loop: its code stays in a small instruction cache."""
_SIX = 0x40C0_0000
_SAVED_CORE, _SAVED_FLOAT = 36, 64
_TILES, _SINGLES, _ROWS, _SUMMAND = (_SAVED_CORE + _SAVED_FLOAT + 4 * n for n in range(4))
"""Arguments on the stack."""
_INPUTS = ("r0", "r4", "r5", "r6")
_TAP, _BIAS, _Y = "r1", "r2", "r3"
_OTHER, _BEGIN, _END, _RUN_END, _LEFT, _TEMPORARY = "r7", "r8", "r9", "r10", "r11", "r12"


class Clamp(StrEnum):
    """What cuts off values at the end."""

    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"


def steps_of(elements: int) -> tuple[int, int]:
    """(chunks, steps) for a run of so many consecutive inputs."""
    steps = next(steps for steps in range(_MOST_STEPS, 0, -1) if elements % steps == 0)
    return elements // steps, steps


@dataclass(frozen=True)
class FloatDots(MicroKernel):
    """void f(const float *x, const float *taps, const float *bias, float *y, tiles, singles, rows, float *summand).

    Computes `rows` rows of `tiles` groups of four pixels, then `singles` pixels, in `channels` neighbouring channels.
    The attributes that `Dots` has too mean the same.

    Attributes:
        channels: computed at once, up to four; their weights for an input lie side by side.
        fused: VFMA, one cycle on a Cortex-M7 and three on others, or VMUL and VADD.
        residual: add what lies at `summand`, in the same places as in y; it may be y.
    """

    kind: ClassVar[str] = "float_dots"
    reordered: ClassVar[bool] = False
    channels: int
    tiled: bool
    single: bool
    stride: int
    runs: int
    chunks: int
    steps: int
    jump: int
    row_jump: int
    out_channels: int
    clamp: Clamp
    fused: bool
    residual: bool

    @property
    def words(self) -> int:
        """Of taps."""
        return self.runs * self.chunks * self.steps * self.channels

    def body(self) -> list[str]:
        lines = ["push {r4-r11, lr}", "vpush {s16-s31}", f"mov {_BEGIN}, {_TAP}"]
        lines += add_constant(_END, _TAP, 4 * self.words, _TEMPORARY)
        if self.residual:
            lines.append(f"ldr {_OTHER}, [sp, #{_SUMMAND}]")
        lines += ["9:", *(self._tiles(PIXELS, _TILES, 1) if self.tiled else [])]
        lines += self._tiles(1, _SINGLES, 5) if self.single else []
        lines += add_constant(_INPUTS[0], _INPUTS[0], self.row_jump, _TEMPORARY)
        lines += [f"ldr lr, [sp, #{_ROWS}]", "subs lr, lr, #1", f"str lr, [sp, #{_ROWS}]", "bne 9b"]
        return [*lines, "vpop {s16-s31}", "pop {r4-r11, pc}"]

    def _tiles(self, pixels: int, count: int, label: int) -> list[str]:
        run_bytes = 4 * self.chunks * self.steps * self.channels
        lines = [f"ldr {_LEFT}, [sp, #{count}]", f"cmp {_LEFT}, #0", f"beq {label + 3}f", f"{label}:"]
        for pixel in range(1, pixels):
            lines += add_constant(_INPUTS[pixel], _INPUTS[pixel - 1], self.stride, _TEMPORARY)
        lines += [f"mov {_TAP}, {_BEGIN}"]
        lines += [f"vldr {_sum(0, c)}, [{_BIAS}, #{4 * c}]" for c in range(self.channels)]
        lines += [f"vmov {_sum(p, c)}, {_sum(0, c)}" for p in range(1, pixels) for c in range(self.channels)]
        if self.runs > 1:
            lines.append(f"{label + 1}:")
        if self.chunks > 1:
            lines += [*add_constant(_RUN_END, _TAP, run_bytes, _TEMPORARY), f"{label + 2}:"]
        for step in range(self.steps):
            lines += self._step(pixels, step)
        for pixel in range(pixels):
            lines += add_constant(_INPUTS[pixel], _INPUTS[pixel], 4 * self.steps)
        lines += add_constant(_TAP, _TAP, 4 * self.steps * self.channels)
        if self.chunks > 1:
            lines += [f"cmp {_TAP}, {_RUN_END}", f"bne {label + 2}b"]
        if self.runs > 1:
            for pixel in range(pixels):
                lines += add_constant(_INPUTS[pixel], _INPUTS[pixel], self.jump, _TEMPORARY)
            lines += [f"cmp {_TAP}, {_END}", f"bne {label + 1}b"]
        lines += self._finish(pixels)
        advanced = 4 * self.runs * self.chunks * self.steps + (self.runs * self.jump if self.runs > 1 else 0)
        lines += add_constant(_INPUTS[0], _INPUTS[0], pixels * self.stride - advanced, _TEMPORARY)
        return [*lines, f"subs {_LEFT}, {_LEFT}, #1", f"bne {label}b", f"{label + 3}:"]

    def _step(self, pixels: int, step: int) -> list[str]:
        """One input of each pixel; adjacent loads pipeline."""
        lines = [f"vldr {_weight(c)}, [{_TAP}, #{4 * (step * self.channels + c)}]" for c in range(self.channels)]
        lines += [f"vldr {_value(p)}, [{_INPUTS[p]}, #{4 * step}]" for p in range(pixels)]
        products = [(p, c) for p in range(pixels) for c in range(self.channels)]
        if self.fused:
            return [*lines, *(f"vfma.f32 {_sum(p, c)}, {_value(p)}, {_weight(c)}" for p, c in products)]
        for first in range(0, len(products), 8):
            part = list(enumerate(products[first : first + 8], 24))
            lines += [f"vmul.f32 s{n}, {_value(p)}, {_weight(c)}" for n, (p, c) in part]
            lines += [f"vadd.f32 {_sum(p, c)}, {_sum(p, c)}, s{n}" for n, (p, c) in part]
        return lines

    def _finish(self, pixels: int) -> list[str]:
        lines = []
        if self.clamp is Clamp.RELU6:
            lines += set_constant(_TEMPORARY, _SIX)
        for pixel in range(pixels):
            places = [f"#{4 * c}" for c in range(self.channels)]
            if self.residual:
                lines += [f"vldr s{24 + c}, [{_OTHER}, {place}]" for c, place in enumerate(places)]
                lines += [f"vadd.f32 {_sum(pixel, c)}, {_sum(pixel, c)}, s{24 + c}" for c in range(self.channels)]
                lines += add_constant(_OTHER, _OTHER, 4 * self.out_channels, "lr")
            for c, place in enumerate(places):
                lines += ["vmov lr, " + _sum(pixel, c), *self._cut_off("lr"), f"str lr, [{_Y}, {place}]"]
            lines += add_constant(_Y, _Y, 4 * self.out_channels, "lr")
        return lines

    def _cut_off(self, value: str) -> list[str]:
        """Floats that aren't negative are in the same order as their bits."""
        if self.clamp is Clamp.NONE:
            return []
        lines = [f"bic {value}, {value}, {value}, asr #31"]
        if self.clamp is Clamp.RELU6:
            lines += [f"cmp {value}, {_TEMPORARY}", "it gt", f"movgt {value}, {_TEMPORARY}"]
        return lines


def _sum(pixel: int, channel: int) -> str:
    return f"s{CHANNELS * pixel + channel}"


def _value(pixel: int) -> str:
    return f"s{16 + pixel}"


def _weight(channel: int) -> str:
    return f"s{20 + channel}"
