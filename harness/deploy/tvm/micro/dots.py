"""Dot products of many pixels with the weights of one or two output channels: the inner loops of convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.deploy.tvm.micro.finish import Finish, add_constant
from harness.deploy.tvm.micro.micro_kernel import MicroKernel

_FRAME = 28
# What lies on the stack: ours, and arguments.
_TAPS, _PARAMETERS, _OUTPUT, _RUN_END, _END, _LEFT = 0, 4, 8, 12, 16, 20
_TILES, _SINGLES, _ROWS = (_FRAME + 36 + 4 * n for n in range(3))
_PIXEL, _TAP, _WEIGHT = "r0", "r1", "r2"
_ACCUMULATORS = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11")
_MOST_STEPS = 8
"""Words of taps in one iteration of the inner loop: its code stays in a small instruction cache."""
_LONGEST_OFFSET = 4095


@dataclass(frozen=True)
class Dots(MicroKernel):
    """void f(const int16_t *pixels, const int32_t *taps, const int32_t *parameters, int8_t *y, tiles, singles, rows).

    Computes `rows` rows of `tiles` groups of `pixels` outputs, then `singles` outputs, each `out_channels` bytes
    behind the last.

    A word of taps holds two weights of one channel as halfwords; if `paired`, 256 times a weight of one channel plus
    a weight of the next, so that one SMLAD without and one with SXTB16 add to both sums.

    Attributes:
        paired: two channels at once; else one.
        pixels: outputs in a tile.
        tiled, single: whether there ever are tiles, and outputs beside them.
        stride: bytes from an output's first input to the next one's.
        runs: stretches of consecutive inputs that an output needs.
        chunks: loop iterations in a run.
        steps: words in an iteration.
        jump: bytes from a run's end to the next one's begin.
        row_jump: bytes from where a row's next output would begin to the next row's first.
        out_channels: bytes from an output to the next.
    """

    kind: ClassVar[str] = "dots"
    paired: bool
    pixels: int
    tiled: bool
    single: bool
    stride: int
    runs: int
    chunks: int
    steps: int
    jump: int
    row_jump: int
    out_channels: int
    finish: Finish

    @property
    def words(self) -> int:
        """Of taps."""
        return self.runs * self.chunks * self.steps

    def body(self) -> list[str]:
        lines = ["push {r4-r11, lr}", f"sub sp, sp, #{_FRAME}"]
        lines += [f"str r1, [sp, #{_TAPS}]", f"str r2, [sp, #{_PARAMETERS}]", f"str r3, [sp, #{_OUTPUT}]"]
        lines += [*add_constant("r1", "r1", 4 * self.words, "lr"), f"str r1, [sp, #{_END}]"]
        lines.append("9:")
        lines += self._tiles(self.pixels, _TILES, 1) if self.tiled else []
        lines += self._tiles(1, _SINGLES, 5) if self.single else []
        lines += add_constant(_PIXEL, _PIXEL, self.row_jump, "lr")
        lines += [f"ldr lr, [sp, #{_ROWS}]", "subs lr, lr, #1", f"str lr, [sp, #{_ROWS}]", "bne 9b"]
        return [*lines, f"add sp, sp, #{_FRAME}", "pop {r4-r11, pc}"]

    @property
    def _unrolled_runs(self) -> int:
        """Short runs of which several make one iteration."""
        fitting = (n for n in range(self.runs, 0, -1) if self.runs % n == 0 and n * self.steps <= _MOST_STEPS)
        return next(fitting, 1) if self.chunks == 1 else 1

    def _tiles(self, pixels: int, count: int, label: int) -> list[str]:
        """The loop over tiles of so many pixels; `count` is where on the stack their number lies."""
        accumulators = _ACCUMULATORS[: pixels * (2 if self.paired else 1)]
        lines = [f"ldr lr, [sp, #{count}]", "cmp lr, #0", f"beq {label + 3}f", f"str lr, [sp, #{_LEFT}]"]
        lines += [f"{label}:", f"ldr {_TAP}, [sp, #{_TAPS}]", *(f"mov {register}, #0" for register in accumulators)]
        lines += self._sum_up(pixels, label)
        lines += self._finish(pixels)
        advanced = 4 * self.words + (self.runs * self.jump if self.runs > 1 else 0)
        lines += add_constant(_PIXEL, _PIXEL, pixels * self.stride - advanced, "lr")
        lines += [f"ldr lr, [sp, #{_LEFT}]", "subs lr, lr, #1", f"str lr, [sp, #{_LEFT}]", f"bne {label}b"]
        return [*lines, f"{label + 3}:"]

    def _sum_up(self, pixels: int, label: int) -> list[str]:
        """The loops over runs and the words in them."""
        run_bytes, unrolled = 4 * self.chunks * self.steps, self._unrolled_runs
        nested, looped = self.runs > 1 and self.chunks > 1, self.runs > unrolled
        lines = [*add_constant("lr", _TAP, run_bytes, "lr"), f"str lr, [sp, #{_RUN_END}]"] if nested else []
        lines += [f"{label + 1}:"] if looped else []
        lines += [f"{label + 2}:"] if self.chunks > 1 else []
        for _ in range(unrolled):
            lines += self._step(pixels) * self.steps
            if self.runs > 1 and not nested:
                lines += add_constant(_PIXEL, _PIXEL, self.jump, "r3")
        if self.chunks > 1:
            lines += [f"ldr lr, [sp, #{_RUN_END if nested else _END}]", f"cmp {_TAP}, lr", f"bne {label + 2}b"]
        if nested:
            lines += add_constant(_PIXEL, _PIXEL, self.jump, "r3")
            lines += [*add_constant("lr", "lr", run_bytes, "r3"), f"str lr, [sp, #{_RUN_END}]"]
        if looped:
            lines += [f"ldr r2, [sp, #{_END}]", f"cmp {_TAP}, r2", f"bne {label + 1}b"]
        return lines

    def _step(self, pixels: int) -> list[str]:
        """One word of taps; adjacent loads pipeline, and the first pixel's moves the pointer to the next word."""
        lines = [f"ldr {_WEIGHT}, [{_TAP}], #4"]
        order = [*range(1, pixels), 0]
        registers = ("r3", "r12", *_ACCUMULATORS[pixels * (2 if self.paired else 1) :])
        for first in range(0, pixels, len(registers)):
            values = dict(zip(order[first : first + len(registers)], registers, strict=False))
            for pixel, value in values.items():
                place = f"[{_PIXEL}, #{pixel * self.stride}]" if pixel else f"[{_PIXEL}], #4"
                lines.append(f"ldr {value}, {place}")
            if first == 0 and self.paired:
                lines.append(f"sxtb16 lr, {_WEIGHT}")
            for pixel, value in values.items():
                lines.append(f"smlad {_sum(pixel)}, {value}, {_WEIGHT}, {_sum(pixel)}")
                if self.paired:
                    low = _sum(pixels + pixel)
                    lines.append(f"smlad {low}, {value}, lr, {low}")
        return lines

    def _finish(self, pixels: int) -> list[str]:
        doubling = ", lsl #1" if self.finish.doubled else ""
        lines = [f"ldr {_TAP}, [sp, #{_PARAMETERS}]"]
        if self.paired:
            lines.append(f"ldm {_TAP}!, {{r2, r3, r12, lr}}")
            for pixel in range(pixels):
                first, second = _sum(pixel), _sum(pixels + pixel)
                lines.append(f"sub {first}, {first}, {second}")
                lines.append(f"add {second}, r3, {second}{doubling}")
                # Sums are multiples of 256 here: one bit less to the right doubles them.
                lines.append(f"add {first}, r2, {first}, asr #{7 if self.finish.doubled else 8}")
        else:
            lines.append(f"ldm {_TAP}, {{r2, r12, lr}}")
            lines += [f"add {_sum(pixel)}, r2, {_sum(pixel)}{doubling}" for pixel in range(pixels)]
        lines += [f"ldr r3, [sp, #{_OUTPUT}]", *self._store(pixels, 0)]
        if self.paired:
            lines += [f"ldrd r12, lr, [{_TAP}]", *self._store(pixels, 1)]
        return [*lines, *add_constant("r3", "r3", pixels * self.out_channels, "r2"), f"str r3, [sp, #{_OUTPUT}]"]

    def _store(self, pixels: int, channel: int) -> list[str]:
        lines = []
        for pixel in range(pixels):
            value = _sum(pixel + channel * pixels)
            lines += self.finish.scale(value, "r12", "lr")
            lines.append(f"strb {value}, [r3, #{pixel * self.out_channels + channel}]")
        return lines


def steps_of(elements: int) -> tuple[int, int]:
    """(chunks, steps) for a run of so many consecutive inputs."""
    words = -(-elements // 2)
    chunks = -(-words // _MOST_STEPS)
    return chunks, -(-words // chunks)


def tile_of(stride: int, out_channels: int, outputs: int, words: int) -> int:
    """How many outputs to make a tile of, that a load and a store can reach: what takes the fewest cycles.

    Args:
        outputs: in a row.
        words: of taps.
    """

    def cycles(pixels: int) -> int:
        tiles, singles = divmod(outputs, pixels)
        together = tiles * (_STEP[pixels] * words + _FINISH[pixels]) + singles * (_STEP[1] * words + _FINISH[1])
        return together + (_BOTH if singles else 0)

    fitting = [pixels for pixels in _STEP if (pixels - 1) * max(stride, out_channels) < _LONGEST_OFFSET]
    return min(fitting, key=cycles)


_STEP = {4: 16, 3: 12, 2: 9, 1: 6}
"""Cycles that a Cortex-M4 takes for a word of taps, by the outputs in a tile."""
_FINISH = {4: 85, 3: 70, 2: 55, 1: 40}
"""The same for a tile's begin and end."""
_BOTH = 200
"""About what it takes when tiles and single outputs push each other out of a small instruction cache."""


def _sum(number: int) -> str:
    return _ACCUMULATORS[number]
