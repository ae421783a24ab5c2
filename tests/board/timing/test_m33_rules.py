"""The rules of the Cortex-M33, one by one: a snippet of assembly, and the cycles that it must take as a block."""

from __future__ import annotations

import pytest

from harness.deploy.target import Core
from tests.board.timing.assembly import cost

M33 = Core.CORTEX_M33


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, #1; adds r1, r0, #1", 2),
        # Two-stage results.
        ("add.w r0, r1, r2, lsl #3; adds r3, r0, #1", 3),
        ("add.w r0, r1, r2, lsl #3; mla r4, r3, r5, r0", 2),
        ("uadd8 r0, r1, r2; adds r3, r0, #1", 3),
        ("pkhbt r0, r1, r2; mla r4, r3, r5, r0", 3),
        ("uxtab r0, r1, r2; uxtab r0, r0, r3", 2),
        ("uxtab r0, r1, r2; adds r3, r0, #1", 3),
        ("uxtb r0, r1; adds r3, r0, #1", 2),
        ("bfi r0, r1, #3, #4; adds r3, r0, #1", 2),
        ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0", 2),
        ("mul r0, r1, r2; adds r3, r0, #1", 3),
        ("mul r0, r1, r2; str r0, [r3]", 2),
        ("muls r0, r1, r0; adds r3, #1", 3),
        ("eors r0, r1, #0x1fc0; adds r3, #1", 3),
        # Loads and stores.
        ("ldr r0, [r4]; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; adds r1, #1; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; mla r1, r2, r3, r0", 2),
        ("ldr r0, [r4]; uxtab r1, r0, r2", 3),
        ("ldr r0, [r4]; str r0, [r5]", 2),
        ("ldrd r0, r1, [r4]", 2),
        ("ldmia r4!, {r0, r1, r2, r3}", 4),
        ("push {r4, r5, lr}", 3),
        # What issues beside a 16-bit instruction.
        ("adds r0, #1; nop", 1),
        ("add.w r0, r0, #1; nop", 2),
        ("adds r0, #1; nop; nop", 2),
        ("cmp r0, #1; it eq; moveq r1, #2", 2),
        ("subs r0, #1; bne .", 1),
        ("subs.w r8, #1; bne .", 2),
        # Floating point.
        ("vldr s0, [r0]; vadd.f32 s1, s0, s2", 2),
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 2),
        ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 4),
        ("vfma.f32 s0, s1, s2; vldr s3, [r0]", 4),
        ("vfma.f32 s0, s1, s2; adds r0, #1; adds r0, #1; vfma.f32 s0, s3, s4", 4),
        # An operation runs ahead of its operand by a cycle, but the next one of the unit waits.
        ("vmul.f32 s0, s1, s2; vadd.f32 s3, s0, s4", 2),
        ("vmul.f32 s0, s1, s2; vadd.f32 s3, s0, s4; vadd.f32 s5, s6, s7", 4),
        ("vmul.f32 s0, s1, s2; vstr s0, [r0]", 3),
        ("vmul.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 3),
        ("vmov r0, r1, s0, s1; adds r0, #1", 3),
        ("vmov s0, r0; vadd.f32 s1, s0, s2", 2),
    ],
)
def test_cortex_m33(source: str, cycles: int) -> None:
    assert cost(M33, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        # jnk0le: SUBS and BNE take 1 + 2, behind another 16-bit instruction the branch takes 1.
        ("subs r0, #1; bne .", 3),
        ("subs r0, #1; add r1, r2; bne .", 3),
        ("subs r0, #1; ldmia r6!, {r0-r3}; bne .", 6),
        ("subs.w r8, #1; bne .", 3),
        ("b .", 2),
        ("bl .", 2),
    ],
)
def test_cortex_m33_taken_branches(source: str, cycles: int) -> None:
    assert cost(M33, source).cycles + cost(M33, source).taken == cycles
