"""Loops on a running core, one for each rule: the cycles of a pass, as the rules have them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from harness.deploy.target import Core
from tests.board.timing.bare_core import DATA, SRAM, BareCore, bare_core

M0PLUS, M4, M7, M33 = Core.CORTEX_M0PLUS, Core.CORTEX_M4, Core.CORTEX_M7, Core.CORTEX_M33
HALF = Fraction(1, 2)


def pointing_at_itself(core: Core) -> BareCore:
    """A core whose data begins with its own address: for loads that need each other."""
    board = bare_core(core)
    board.engine.write(DATA, DATA.to_bytes(4, "little"))
    return board


@pytest.mark.parametrize(
    ("body", "cycles"),
    [
        # SUBS 1, BNE 2.
        ("", 3),
        ("movs r0, #1; muls r1, r0", 5),
        ("ldr r0, [r4]", 5),
        ("ldr r0, [r4]; ldr r1, [r4, #4]", 7),
        ("stmia r5!, {r0, r1}; subs r5, #8", 7),
        ("push {r0, r1}; pop {r0, r1}", 9),
        ("b 2f; nop; 2:", 5),
        ("bl 2f; b 3f; 2: bx lr; 3:", 3 + 3 + 2 + 2),
    ],
)
def test_cortex_m0plus(body: str, cycles: int) -> None:
    assert bare_core(M0PLUS).loop(body) == cycles


@pytest.mark.parametrize(
    ("body", "cycles"),
    [
        # SUBS 1, BNE 1 + 2.
        ("", 4),
        ("ldr r0, [r4]; adds r1, #1", 7),
        ("ldr r0, [r4]; ldr r1, [r4, #4]; ldr r2, [r4, #8]; adds r3, #1", 9),
        # Each load needs the one before.
        ("ldr r4, [r4]; ldr r4, [r4]; ldr r4, [r4]; adds r3, #1", 11),
        ("str r0, [r4]; ldr r1, [r4]; adds r3, #1", 9),
        ("adds r5, r4, #0; ldr r0, [r5]; adds r3, #1", 9),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s4, s5", 10),
        ("vfma.f32 s0, s1, s2; vfma.f32 s0, s4, s5", 11),
        ("b 2f; nop; 2:", 7),
        ("bl 2f; b 3f; 2: bx lr; 3:", 4 + 3 + 3 + 3),
    ],
)
def test_cortex_m4(body: str, cycles: int) -> None:
    assert pointing_at_itself(M4).loop(body) == cycles


def test_loads_of_two_banks_do_not_pipeline() -> None:
    """SRAM1 and SRAM2 of the M4's board have bus ports of their own."""
    other = SRAM + 0x3_0000

    def loop(first: int, second: int) -> Fraction:
        return bare_core(M4).loop("ldr r0, [r4]; ldr r1, [r5]; adds r2, #1", r4=first, r5=second)

    assert loop(DATA, DATA + 0x100) == loop(other, other) == 8
    assert loop(DATA, other) == loop(other, DATA) == 9


@pytest.mark.parametrize(
    ("body", "cycles"),
    [
        # SUBS and BNE pair, and so do BNE and the first instruction of the next pass, behind two 16-bit instructions.
        ("", 1),
        ("adds r0, #1", 1 + HALF),
        ("adds r0, #1; adds r1, #1", 2),
        ("adds.w r0, #1", 2),
        # An operation a cycle, as each needs the one before.
        ("ands r0, r1; ands r0, r1; ands r0, r1; ands r0, r1", 4),
        # Latencies that reach into the next pass.
        ("ldr r4, [r4]", 2),
        ("muls r0, r1, r0", 2),
        ("smlad r0, r1, r2, r0", 2),
        ("vadd.f32 s0, s0, s1", 3),
        ("vfma.f32 s0, s1, s2", 3),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s1, s2; vfma.f32 s4, s1, s2", 4),
        # No VADD in the three cycles behind VFMA.
        ("vfma.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 6),
        ("b 2f; nop; 2:", 2),
    ],
)
def test_cortex_m7(body: str, cycles: Fraction) -> None:
    assert pointing_at_itself(M7).loop(body) == cycles


def test_two_loads_of_the_m7_pair_when_their_banks_differ() -> None:
    def loop(first: int, second: int) -> Fraction:
        return bare_core(M7).loop("ldr.w r0, [r4]; ldr.w r1, [r5]", r4=first, r5=second)

    assert loop(DATA, DATA + 4) == loop(DATA + 4, DATA) == 2
    assert loop(DATA, DATA) == loop(DATA, DATA + 8) == 3


def test_the_m7_predicts_a_return_to_where_the_last_one_went() -> None:
    """One call site is predicted; two in turn are not, and neither is what is behind them."""
    leaf = "b 9f; 8: bx lr; 9:"
    one, two = f"bl 8f; {leaf}", f"bl 8f; bl 8f; {leaf}"
    assert bare_core(M7).loop(two) - bare_core(M7).loop(one) > 2 * 8 - 2


@pytest.mark.parametrize(("taken", "mispredicted"), [("1", 0), ("0", 0), ("r7, lsr #1", 1)])
def test_the_m7_learns_the_direction_of_a_branch(taken: str, mispredicted: int) -> None:
    """A branch that goes always the same way costs nothing; one that changes its mind every other time costs 8 or 6."""
    loop = bare_core(M7).loop(
        f"mov.w r0, {'#' if len(taken) == 1 else ''}{taken}; tst r0, #1; bne 2f; nop; nop; nop; 2:"
    )
    assert (loop > 6) == bool(mispredicted)


@pytest.mark.parametrize(
    ("body", "cycles"),
    [
        # SUBS 1, BNE 2; behind another 16-bit instruction BNE 1.
        ("", 3),
        ("adds r0, #1", 4),
        ("ldr r0, [r4]; adds r1, r0, #1", 6),
        ("ldr r0, [r4]; adds r1, #1; adds r1, r0, #1", 6),
        ("ldr r4, [r4]; ldr r4, [r4]", 6),
        ("smlad r0, r1, r2, r0; smlad r0, r1, r2, r0", 5),
        ("add.w r0, r1, r0, lsl #1; add.w r0, r1, r0, lsl #1", 6),
        ("vfma.f32 s0, s1, s2", 4),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s1, s2", 7),
        ("vmul.f32 s0, s1, s2; vadd.f32 s3, s3, s0", 5),
        ("b 2f; nop; 2:", 5),
    ],
)
def test_cortex_m33(body: str, cycles: int) -> None:
    assert pointing_at_itself(M33).loop(body) == cycles


@pytest.mark.parametrize(("core", "extra"), [(M4, 0), (M7, 0), (M33, 1)])
def test_branches_to_a_wide_instruction_by_its_alignment(core: Core, extra: int) -> None:
    """On the M4 this is within the mean of what a taken branch costs; the M7 fetches 64 bits at once."""
    board = bare_core(core)
    costs = [board.loop("add.w r0, #1; adds r1, #1", at=board.code + offset) for offset in range(0, 16, 2)]
    assert costs == [costs[0], costs[0] + extra] * 4


@pytest.mark.parametrize("core", [M0PLUS, M4, M7, M33])
@pytest.mark.parametrize(
    "body", ["adds r0, #1; adds r1, #1", "ldr r0, [r4]; adds r1, #1", "adds r0, #1; b 2f; nop; 2:"]
)
def test_a_loop_of_16_bit_code_costs_the_same_at_every_alignment(core: Core, body: str) -> None:
    board = bare_core(core)
    assert len({board.loop(body, at=board.code + offset) for offset in range(0, 16, 2)}) == 1
