"""Multiple transfers by their length, divisions by their operands, multiply-accumulates by how many are under way."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.deploy.target import Core
from tests.board.timing.bare_core import DATA, bare_core

M0PLUS, M4, M7, M33 = Core.CORTEX_M0PLUS, Core.CORTEX_M4, Core.CORTEX_M7, Core.CORTEX_M33
WORDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("transfer", ["ldmia r5!, {list}; subs r5, #{back}", "stmia r5!, {list}; subs r5, #{back}"])
@pytest.mark.parametrize("words", range(2, 6))
@pytest.mark.parametrize(("core", "law"), [(M0PLUS, lambda n: 1 + n), (M4, lambda n: 1 + n), (M33, lambda n: n)])
def test_multiple_transfers(core: Core, law: object, words: int, transfer: str) -> None:
    registers = "{" + ", ".join(f"r{number}" for number in range(words)) + "}"
    board = bare_core(core)
    nothing = board.loop("subs r5, #4")
    assert callable(law)
    assert board.loop(transfer.format(list=registers, back=4 * words)) - nothing == law(words)


@pytest.mark.parametrize("words", range(1, 9))
def test_the_m7_moves_two_words_a_cycle(words: int) -> None:
    """By themselves: neither the instruction before nor the one behind issues in the same cycles."""
    registers = "{" + ", ".join(f"s{number}" for number in range(words)) + "}"
    board = bare_core(M7)
    nothing = board.loop("nop.w; isb; nop.w")
    assert board.loop(f"nop.w; isb; vldmia r5, {registers}; nop.w") - nothing == -(-words // 2)


def divided(core: Core, name: str, dividend: int, divisor: int) -> int:
    """Cycles of a division beside one of zero."""
    board = bare_core(core)
    address = board.place(f"{name} r0, r1, r2")
    return board.run(address, r1=dividend, r2=divisor) - board.run(address, r1=0, r2=divisor)


@pytest.mark.parametrize(
    ("dividend", "divisor", "cycles"),
    [(0, 5, 2), (5, 0, 2), (3, 4, 3), (7, 4, 5), (4, 4, 5), (63, 4, 5), (64, 4, 6), (2**32 - 1, 1, 12), (2**31, 8, 12)],
)
def test_the_m4_divides_as_measured(dividend: int, divisor: int, cycles: int) -> None:
    assert divided(M4, "udiv", dividend, divisor) == cycles - 2


LAWS = {M4: (2, 3, 5, 12), M7: (2, 3, 5, 12), M33: (2, 2, 4, 11)}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from((M4, M7, M33)), WORDS, WORDS)
def test_a_division_takes_what_its_operands_say(core: Core, dividend: int, divisor: int) -> None:
    zero, smaller, base, maximum = LAWS[core]
    more_bits = dividend.bit_length() - divisor.bit_length()
    expected = smaller if more_bits < 0 else min(maximum, base + more_bits // 4)
    assert divided(core, "udiv", dividend, divisor) == (expected if dividend and divisor else zero) - zero


@settings(max_examples=20, deadline=None)
@given(st.sampled_from((M4, M7, M33)), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_signs_do_not_matter_to_a_division(core: Core, dividend: int, divisor: int) -> None:
    plain = divided(core, "sdiv", dividend, divisor)
    assert divided(core, "sdiv", -dividend % 2**32, divisor) == plain
    assert divided(core, "sdiv", dividend, -divisor % 2**32) == plain


@pytest.mark.parametrize(
    ("core", "chains"),
    [
        # Three cycles each, and one more when the accumulator is that of the instruction before.
        (M4, [4 * 12, 3 * 12, 3 * 12, 3 * 12]),
        # Three cycles from accumulator to accumulator: three at a time fill the pipeline.
        (M7, [3 * 12, Fraction(3 * 12, 2), 12, 12]),
        # One at a time, and nothing else of the unit for two cycles.
        (M33, [3 * 12, 3 * 12, 3 * 12, 3 * 12]),
    ],
)
def test_accumulators_hide_the_latency_of_vfma(core: Core, chains: list[int]) -> None:
    """Twelve VFMA in a loop, into one to four accumulators in turn."""
    for accumulators, cycles in enumerate(chains, start=1):
        lines = [f"vfma.f32 s{index % accumulators}, s8, s9" for index in range(12)]
        # The decrement and the branch of the loop take between one and four cycles, and hide one of the latency.
        passes = bare_core(core).loop("; ".join(lines))
        assert cycles <= passes <= cycles + 4


@pytest.mark.parametrize(("core", "extra"), [(M4, 1), (M7, 3), (M33, 1)])
def test_unaligned_loads(core: Core, extra: int) -> None:
    board = bare_core(core)
    aligned = board.loop("ldr r0, [r4]", r4=DATA)
    assert {board.loop("ldr r0, [r4]", r4=DATA + offset) - aligned for offset in (1, 2, 3)} == {extra}
