"""Moving and widening words: what the C library's memcpy, made small, does byte by byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.deploy.tvm.micro.micro_kernel import MicroKernel


@dataclass(frozen=True)
class CopyWords(MicroKernel):
    """void f(int32_t *to, const int32_t *from, uint32_t words)."""

    kind: ClassVar[str] = "copy_words"

    def body(self) -> list[str]:
        return [
            "push {r4-r10, lr}",
            *("subs r2, r2, #8", "blo 2f"),
            *("1:", "ldm r1!, {r3-r10}", "stm r0!, {r3-r10}", "subs r2, r2, #8", "bhs 1b"),
            *("2:", "adds r2, r2, #8", "beq 4f"),
            *("3:", "ldr r3, [r1], #4", "str r3, [r0], #4", "subs r2, r2, #1", "bne 3b"),
            *("4:", "pop {r4-r10, pc}"),
        ]


@dataclass(frozen=True)
class FillWords(MicroKernel):
    """void f(int32_t *to, int32_t word, uint32_t words)."""

    kind: ClassVar[str] = "fill_words"

    def body(self) -> list[str]:
        return [
            *("cmp r2, #0", "beq 2f"),
            *("1:", "str r1, [r0], #4", "subs r2, r2, #1", "bne 1b"),
            *("2:", "bx lr"),
        ]


@dataclass(frozen=True)
class WidenWords(MicroKernel):
    """void f(int16_t *to, const int8_t *from, uint32_t words): four values a word, in the order 0, 2, 1, 3.

    That order is what SXTB16 gives; sums don't mind it, if the weights are in the same.
    """

    kind: ClassVar[str] = "widen_words"

    def body(self) -> list[str]:
        widened = []
        for source, low, high in (("r3", "r3", "r4"), ("r5", "r5", "r6"), ("r7", "r7", "r8"), ("r9", "r9", "r10")):
            widened += [f"sxtb16 {high}, {source}, ror #8", f"sxtb16 {low}, {source}"]
        return [
            "push {r4-r10, lr}",
            *("subs r2, r2, #4", "blo 2f"),
            *("1:", "ldm r1!, {r3, r5, r7, r9}", *widened, "stm r0!, {r3-r10}", "subs r2, r2, #4", "bhs 1b"),
            *("2:", "adds r2, r2, #4", "beq 4f"),
            *("3:", "ldr r3, [r1], #4", *widened[:2], "strd r3, r4, [r0], #8", "subs r2, r2, #1", "bne 3b"),
            *("4:", "pop {r4-r10, pc}"),
        ]
