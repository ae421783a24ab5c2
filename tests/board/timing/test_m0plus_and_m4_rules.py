"""The rules of the Cortex-M0+ and M4: a snippet of assembly, and the cycles that it must take as a block."""

from __future__ import annotations

import pytest

from harness.deploy.target import Core
from tests.board.timing.assembly import cost

M0PLUS, M4 = Core.CORTEX_M0PLUS, Core.CORTEX_M4


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, r1, r2; movs r0, #1; muls r0, r3; uxtb r0, r0; cmp r0, #1", 5),
        ("ldr r0, [r4]", 2),
        ("ldr r0, [r4]; ldr r1, [r4, #4]", 4),
        ("strb r0, [r4]", 2),
        ("ldmia r4!, {r0, r1, r2}", 4),
        ("stmia r4!, {r0, r1, r2}", 4),
        ("push {r4, r5, lr}", 4),
        ("mrs r0, primask", 3),
        ("cpsid i", 1),
        ("dsb", 3),
        ("b .", 1),
    ],
)
def test_cortex_m0plus(source: str, cycles: int) -> None:
    assert cost(M0PLUS, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [("b .", 2), ("beq .", 2), ("bl .", 3), ("bx lr", 2), ("blx r0", 2), ("pop {r4, r5, pc}", 6), ("mov pc, r0", 2)],
)
def test_cortex_m0plus_taken_branches(source: str, cycles: int) -> None:
    assert cost(M0PLUS, source).cycles + cost(M0PLUS, source).taken == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, r1, r2; muls r0, r3; smlad r4, r5, r6, r7", 3),
        # n adjacent loads take n + 1; a load that stands alone, 2.
        ("ldr r0, [r4]; adds r1, #1", 3),
        ("ldr r0, [r4]; ldr r1, [r4, #4]; ldr r2, [r4, #8]", 4),
        ("ldrsb r0, [r4], #1; ldrsb r1, [r4], #1", 3),
        ("ldr r0, [r4]; ldr r1, [r0]", 4),
        # Stores: the write buffer, register offsets, a load behind a store.
        ("str r0, [r4]; str r1, [r4, #4]", 2),
        ("str r0, [r4, r5]", 2),
        ("str r0, [r4]; ldr r1, [r4]", 4),
        ("ldr r1, [r4]; str r0, [r4]", 2),
        # The address comes from the instruction before.
        ("adds r4, #4; ldr r0, [r4]", 4),
        ("adds r5, #4; ldr r0, [r4]", 3),
        # Multiple transfers take 1 + n.
        ("ldmia r4!, {r0, r1, r2, r3}", 5),
        ("push {r4, r5, lr}", 4),
        ("ldrd r0, r1, [r4]", 3),
        ("vldmia r0, {s0-s3}", 5),
        # Floating point.
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 2),
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s0, s5", 3),
        ("vfma.f32 s0, s1, s2", 3),
        ("vdiv.f32 s0, s1, s2", 14),
        ("vldr s0, [r0]; vldr s1, [r0, #4]", 3),
        # IT folds into a 16-bit instruction before it, and only then.
        ("cmp r0, #0; it eq; moveq r1, #1", 2),
        ("cmp.w r8, #0; it eq; moveq r1, #1", 3),
        # After a multi-cycle instruction, wide code that lies across words starves the decoder.
        ("ldr r0, [r4]; add.w r8, r8, #1; adds r1, #1", 5),
        ("ldr.w r0, [r4]; add.w r8, r8, #1; adds r1, #1", 4),
        ("ldr r0, [r4]; add.w r8, r8, #1; add.w r9, r9, #1; add.w r10, r10, #1", 7),
        ("udiv r0, r1, r2", 6),
        ("b .", 1),
    ],
)
def test_cortex_m4(source: str, cycles: int) -> None:
    assert cost(M4, source).cycles == cycles
