"""The rules of the Cortex-M7, one by one: a snippet of assembly, and the cycles that it must take as a block."""

from __future__ import annotations

import pytest

from harness.deploy.target import Core
from tests.board.timing.assembly import cost

M7 = Core.CORTEX_M7


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, #1; adds r1, #1; adds r2, #1; adds r3, #1", 2),
        # The early ALU delivers in the same cycle, but not to itself, and only from the older slot.
        ("adds r0, #1; adds r1, r0, #1", 1),
        ("movw r0, #1; movt r0, #2", 1),
        ("ands r0, r2; adds r1, r0, #1", 2),
        ("adds r0, #1; adds r0, #1; adds r0, #1; adds r0, #1", 3),
        ("nop; adds r0, #1; adds r1, r0, #1", 2),
        # Flags come from the late ALU.
        ("cmp r0, #1; it eq; moveq r1, #1", 2),
        ("it eq; moveq r1, #1", 1),
        # Pairs that do not exist.
        ("muls r0, r1; muls r2, r3", 2),
        ("muls r0, r1; str r2, [r3]", 2),
        ("str r2, [r3]; muls r0, r1", 2),
        ("str r0, [r4]; str r1, [r4, #4]", 2),
        ("ldr r0, [r4]; str r1, [r4, #4]", 1),
        ("uxtb r0, r1; uxtb r2, r3", 2),
        ("adds r4, #1; uxtb r0, r1", 2),
        ("uxtb r0, r1; adds r4, #1", 1),
        ("smlabb r0, r1, r2, r0; uxtb r4, r5", 2),
        ("uxtb r4, r5; smlabb r0, r1, r2, r0", 1),
        ("add.w r0, r1, r2, lsl #3; add.w r3, r4, r5, lsl #3", 2),
        ("add.w r0, r1, r2, lsl #3; eor r3, r4, #0x1fc0", 2),
        ("add.w r0, r1, r2, lsl #3; eor r3, r4, #0x1b001b", 1),
        ("lsls r0, r1, #3; add.w r3, r4, r5, lsl #3", 2),
        ("add.w r3, r4, r5, lsl #3; lsls r0, r1, #3", 1),
        # Two loads pair when they need different banks: even and odd words.
        ("ldr r0, [r4]; ldr r1, [r4, #4]", 1),
        ("ldr r0, [r4]; ldr r1, [r4, #8]", 2),
        ("ldr r0, [r4]; ldr r1, [r5]", 1),
        # Latency of loads, by width and by use.
        ("ldr r0, [r4]; adds r1, r0, #1", 2),
        ("ldrb r0, [r4]; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; muls r1, r0", 3),
        ("ldrsb r0, [r4, r5]; muls r1, r0", 3),
        ("ldrb r0, [r4]; mla r0, r1, r2, r0", 2),
        ("ldr r0, [r4]; ldr r1, [r0]", 3),
        ("ldrb r0, [r4]; ldr r1, [r5, r0]", 4),
        ("ldr r0, [r4]; add.w r1, r2, r0, lsl #2", 3),
        ("ldr r0, [r4]; str r0, [r5]", 1),
        ("uxtb r0, r1; ldr r2, [r3, r0]", 3),
        ("adds r0, #4; ldr r2, [r0]", 2),
        ("ldr r2, [r0], #4; ldr r3, [r0], #4", 2),
        # Accumulation is forwarded, other uses wait.
        ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0; smlad r0, r5, r6, r0", 3),
        ("smlal r0, r1, r2, r3; smlal r0, r1, r4, r5", 2),
        ("mul r0, r1, r2; mul r3, r0, r4", 3),
        ("mul r0, r1, r2; adds r3, r0, #1", 3),
        ("ssat r0, #8, r1; adds r3, r0, #1", 3),
        # Two words a cycle, alone.
        ("ldmia r8!, {r0, r1, r2, r3}", 2),
        ("push {r4, r5, lr}", 2),
        ("adds r0, #1; ldrd r2, r3, [r4]; adds r1, #1", 3),
    ],
)
def test_cortex_m7(source: str, cycles: int) -> None:
    assert cost(M7, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("vadd.f32 s0, s1, s2; vmul.f32 s3, s4, s5", 2),
        ("vadd.f32 s0, s1, s2; adds r0, #1", 1),
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s0, s4", 4),
        ("vadd.f32 s0, s1, s2; vstr s0, [r0]", 2),
        # To the accumulator, to a factor, to memory.
        ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 4),
        ("vfma.f32 s0, s1, s2; vmul.f32 s3, s0, s4", 6),
        ("vfma.f32 s0, s1, s2; vstr s0, [r0]", 4),
        ("vmla.f32 s0, s1, s2; vmla.f32 s0, s3, s4", 4),
        ("vmla.f32 s0, s1, s2; vmul.f32 s3, s0, s4", 7),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s1, s2; vfma.f32 s4, s1, s2; vfma.f32 s0, s1, s2", 4),
        ("vmla.f32 s0, s1, s2; vfma.f32 s3, s1, s2", 3),
        # In the window behind a multiply-accumulate: no addition, no multiple transfer, no transfer as the younger one.
        ("vfma.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 5),
        ("vfma.f32 s0, s1, s2; vldmia r0!, {s3}", 5),
        ("vfma.f32 s0, s1, s2; vldr s3, [r0]", 1),
        ("vfma.f32 s0, s1, s2; nop; adds r0, #1; vldr s3, [r1]", 3),
        ("vfma.f32 s0, s1, s2; nop; vldr s3, [r1]; adds r0, #1", 2),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s1, s2; vldr s4, [r1]", 3),
        ("vldr s4, [r1]; vfma.f32 s0, s1, s2", 1),
        ("vfma.f32 s0, s1, s2; nop; vldr s4, [r1]; vfma.f32 s3, s1, s2", 3),
        # Loads: to an addend much later than to a factor.
        ("vldr s0, [r0]; vmul.f32 s1, s0, s2", 2),
        ("vldr s0, [r0]; vfma.f32 s1, s0, s2", 2),
        ("vldr s0, [r0]; vfma.f32 s0, s1, s2", 4),
        ("vldr s0, [r0]; vmla.f32 s0, s1, s2", 3),
        ("vldr s0, [r0]; vldr s1, [r0, #4]", 1),
        ("vldr d0, [r0]; adds r0, #1", 2),
        # Moves.
        ("vmov s0, r0; vadd.f32 s1, s0, s2", 4),
        ("vadd.f32 s0, s1, s2; vmov r0, s0; adds r0, #1", 5),
        ("vldr s0, [r0]; vmov r0, s0", 3),
        ("vmov s0, s1, r0, r1; nop", 2),
        ("vdiv.f32 s0, s1, s2", 16),
        ("vsqrt.f32 s0, s1", 14),
        ("adds r0, #1; vdiv.f32 s0, s1, s2", 16),
        ("vadd.f64 d0, d1, d2; nop", 3),
        ("vmul.f64 d0, d1, d2", 5),
    ],
)
def test_cortex_m7_floating_point(source: str, cycles: int) -> None:
    assert cost(M7, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        # The flags were set in the cycle before, or beside the branch, or three cycles before.
        ("cmp r0, #1; bne .", 8),
        ("cmp r0, #1; nop; nop; bne .", 8),
        ("cmp r0, #1; nop; nop; nop; nop; nop; bne .", 6),
        ("cbz r0, .+4", 8),
        ("bne .", 6),
        ("bx lr", 8),
    ],
)
def test_cortex_m7_mispredictions(source: str, cycles: int) -> None:
    assert cost(M7, source).mispredicted == cycles
    assert cost(M7, source).taken == 0
