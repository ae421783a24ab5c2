"""Dot products of one input with many rows of weights, each weight read once and in order: dense layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.deploy.tvm.micro.finish import Finish, add_constant
from harness.deploy.tvm.micro.micro_kernel import MicroKernel

_FRAME = 20
# What lies on the stack.
_BEGIN, _END, _PARAMETERS, _OUTPUT = 0, 4, 8, 12
_GROUPS = _FRAME + 36
_INPUT, _WEIGHTS = "r0", "r1"
_ACCUMULATORS = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11")


@dataclass(frozen=True)
class DenseDots(MicroKernel):
    """void f(const int16_t *x, const int32_t *weights, const int32_t *parameters, int8_t *y, uint32_t groups).

    Each group is `pairs` pairs of outputs, whose words of weights are as in `Dots`, and, if `odd`, another output.
    The words of a group for the same two inputs lie side by side: each line of flash is fetched once.

    Attributes:
        chunks: loop iterations over the inputs.
        steps: words of inputs in an iteration.
    """

    kind: ClassVar[str] = "dense"
    pairs: int
    odd: bool
    chunks: int
    steps: int
    finish: Finish

    @property
    def outputs(self) -> int:
        """Of a group."""
        return 2 * self.pairs + self.odd

    @property
    def words(self) -> int:
        """Of a group's weights."""
        return self.chunks * self.steps * (self.pairs + self.odd)

    def body(self) -> list[str]:
        lines = ["push {r4-r11, lr}", f"sub sp, sp, #{_FRAME}", f"str {_INPUT}, [sp, #{_BEGIN}]"]
        lines += [*add_constant("lr", _INPUT, 4 * self.chunks * self.steps, "r12"), f"str lr, [sp, #{_END}]"]
        lines += [f"str r2, [sp, #{_PARAMETERS}]", f"str r3, [sp, #{_OUTPUT}]"]
        lines += ["1:", f"ldr {_INPUT}, [sp, #{_BEGIN}]"]
        lines += [f"mov {register}, #0" for register in _ACCUMULATORS[: self.outputs]]
        lines.append("2:")
        for _ in range(self.steps):
            lines += self._step()
        if self.chunks > 1:
            lines += [f"ldr lr, [sp, #{_END}]", f"cmp {_INPUT}, lr", "bne 2b"]
        lines += self._finish()
        lines += [f"ldr lr, [sp, #{_GROUPS}]", "subs lr, lr, #1", f"str lr, [sp, #{_GROUPS}]", "bne 1b"]
        return [*lines, f"add sp, sp, #{_FRAME}", "pop {r4-r11, pc}"]

    def _step(self) -> list[str]:
        """One word of inputs; loads stand side by side, so that they pipeline."""
        lines = [f"ldr r2, [{_INPUT}], #4"]
        for first in range(0, self.pairs + self.odd, 2):
            words = dict(zip(range(first, min(first + 2, self.pairs + self.odd)), ("r3", "r12"), strict=False))
            lines += [f"ldr {word}, [{_WEIGHTS}], #4" for word in words.values()]
            for pair, word in words.items():
                high, low = _ACCUMULATORS[2 * pair : 2 * pair + 2]
                lines.append(f"smlad {high}, r2, {word}, {high}")
                if pair < self.pairs:
                    lines += [f"sxtb16 {word}, {word}", f"smlad {low}, r2, {word}, {low}"]
        return lines

    def _finish(self) -> list[str]:
        doubling = ", lsl #1" if self.finish.doubled else ""
        lines = [f"ldr {_INPUT}, [sp, #{_PARAMETERS}]"]
        for pair in range(self.pairs):
            high, low = _ACCUMULATORS[2 * pair : 2 * pair + 2]
            lines += [f"ldm {_INPUT}!, {{r2, r3, r12, lr}}", f"sub {high}, {high}, {low}"]
            lines += [f"add {low}, r3, {low}{doubling}", f"add {high}, r2, {high}, asr #{7 if doubling else 8}"]
            lines += self.finish.scale(high, "r12", "lr")
            lines += [f"ldrd r12, lr, [{_INPUT}], #8", *self.finish.scale(low, "r12", "lr")]
        if self.odd:
            last = _ACCUMULATORS[2 * self.pairs]
            lines += [f"ldm {_INPUT}!, {{r2, r12, lr}}", f"add {last}, r2, {last}{doubling}"]
            lines += self.finish.scale(last, "r12", "lr")
        lines += [f"str {_INPUT}, [sp, #{_PARAMETERS}]", f"ldr r2, [sp, #{_OUTPUT}]"]
        lines += [f"strb {register}, [r2], #1" for register in _ACCUMULATORS[: self.outputs]]
        return [*lines, f"str r2, [sp, #{_OUTPUT}]"]
