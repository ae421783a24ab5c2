"""Flash behind its accelerator, on the M4's board: wait states, lines, caches, prefetch, against SRAM."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.deploy.target import Core
from tests.board.timing.bare_core import DATA, BareCore, bare_core

FLASH = 0x0800_0000
TABLE = FLASH + 0x1000
M4 = Core.CORTEX_M4
DATA_CACHE, INSTRUCTION_CACHE = 256, 1024
wait_states = pytest.mark.parametrize("waits", range(8))
both_widths = pytest.mark.parametrize(("dual_bank", "line"), [(False, 16), (True, 8)])


def board(
    waits: int, *, instructions: bool = True, data: bool = True, prefetch: bool = False, dual_bank: bool = False
) -> BareCore:
    """An M4 with its flash interface set up, and empty caches."""
    made = bare_core(M4)
    made.memory.flash(
        wait_states=waits, prefetch=prefetch, instruction_cache=instructions, data_cache=data, dual_bank=dual_bank
    )
    made.memory.empty()
    return made


def loads(offsets: list[int]) -> str:
    """A load at each offset from R4, and none right behind another."""
    return "; ".join(f"ldr r0, [r4, #{offset}]; adds r1, #1" for offset in offsets)


def once(made: BareCore, source: str, at: int | None = None) -> int:
    """The cycles of a snippet from empty caches."""
    address = made.place(source, at)
    made.memory.empty()
    return made.run(address, r4=TABLE)


@wait_states
def test_without_a_cache_every_read_waits(waits: int) -> None:
    source = loads([0, 0, 4, 64])
    assert once(board(waits, data=False), source) - once(board(0), source) == 4 * waits


@wait_states
@both_widths
def test_with_a_cache_only_new_lines_wait(waits: int, dual_bank: bool, line: int) -> None:
    offsets = [0, 4, line - 4, line, 5 * line, 0, line + 4]
    source = loads(offsets)
    assert once(board(waits, dual_bank=dual_bank), source) - once(board(0), source) == 3 * waits


@wait_states
def test_sram_never_waits(waits: int) -> None:
    assert board(waits).loop(loads([0, 4, 64]), r4=DATA) == board(0).loop(loads([0, 4, 64]), r4=DATA)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.booleans(), st.integers(1, 7))
def test_cold_misses_are_the_lines_touched(words: list[int], dual_bank: bool, waits: int) -> None:
    """While they all fit."""
    line = 8 if dual_bank else 16
    offsets = [4 * word for word in words]
    touched = len({(TABLE + offset) // line for offset in offsets})
    source = loads(offsets)
    assert once(board(waits, dual_bank=dual_bank), source) - once(board(0), source) == touched * waits


@both_widths
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_working_set_stays_while_it_fits(dual_bank: bool, line: int, beyond: int) -> None:
    """Round and round through as many lines as the data cache has, or one more: least recently used, all miss then."""
    lines = DATA_CACHE // line + beyond
    made = board(5, dual_bank=dual_bank)
    body = loads([line * index for index in range(lines)])
    cached, uncached = made.loop(body, r4=TABLE), board(0).loop(body, r4=TABLE)
    assert cached - uncached == (5 * lines if beyond else 0)


@wait_states
def test_a_loop_in_flash_runs_from_the_instruction_cache(waits: int) -> None:
    body = "; ".join(["adds r0, #1"] * 40)
    assert board(waits).loop(body, at=FLASH) == board(0).loop(body, at=FLASH)


@pytest.mark.parametrize("prefetch", [False, True])
def test_without_the_instruction_cache_a_loop_waits_for_every_line(prefetch: bool) -> None:
    body = "; ".join(["adds r0, #1"] * 62)
    lines = Fraction(2 * 64, 16)
    late = [
        board(waits, instructions=False, prefetch=prefetch).loop(body, at=FLASH) - board(0).loop(body, at=FLASH)
        for waits in range(6)
    ]
    assert late == sorted(late)
    if prefetch:
        # The next line is read while this one is carried out.
        assert late[5] < 5 * lines
    else:
        assert late == [waits * lines for waits in range(6)]


@pytest.mark.parametrize("waits", [1, 3, 5])
def test_prefetch_never_makes_straight_code_slower(waits: int) -> None:
    source = "; ".join(["adds r0, #1"] * 200)
    plain, ahead, none = (
        once(board(waits, prefetch=False), source, FLASH),
        once(board(waits, prefetch=True), source, FLASH),
        once(board(0), source, FLASH),
    )
    assert none <= ahead < plain
    assert plain - none == waits * -(-(2 * 200 + 2) // 16)


def test_code_larger_than_the_instruction_cache_misses_every_time() -> None:
    def late(size: int) -> Fraction:
        body = "; ".join(["adds r0, #1"] * (size // 2 - 4))
        return board(5).loop(body, at=FLASH) - board(0).loop(body, at=FLASH)

    assert late(INSTRUCTION_CACHE) == 0
    assert late(INSTRUCTION_CACHE + 64) == 5 * (INSTRUCTION_CACHE + 64) / Fraction(16)


@pytest.mark.parametrize("prefetch", [False, True])
def test_a_cache_that_is_refilled_over_a_narrow_bus_waits_for_that_too(prefetch: bool) -> None:
    """The U5's ICACHE, constants read in order: prefetch hides wait states, but not the burst that brings a line."""
    made = BareCore(Core.CORTEX_M33, board="nucleo_u575zi_q")
    accelerator = made.spec.memory_timing.accelerator
    assert accelerator is not None
    lines = 8
    # A barrier ends a block: time passes between blocks, and within one for code only.
    source = "; isb; ".join(f"ldr r0, [r4, #{16 * index}]" for index in range(lines))

    def late(waits: int, *, cache: bool) -> int:
        address = made.place(source, DATA + 0x100)
        taken = []
        for wait_states, table in ((waits, TABLE), (0, DATA)):
            made.memory.flash(wait_states=wait_states, prefetch=prefetch, instruction_cache=cache)
            made.memory.empty()
            taken.append(made.run(address, r4=table))
        return taken[0] - taken[1]

    refills = lines * accelerator.refill_cycles
    assert late(0, cache=True) == refills > 0
    assert late(0, cache=False) == 0
    hidden = 4 * lines + refills - late(4, cache=True)
    assert hidden == 0 if not prefetch else 0 < hidden <= 4 * (lines - 1)
