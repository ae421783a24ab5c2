"""The M7's level 1 caches, tightly coupled memories and system bus, on its board."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.virtual.memory_protection import MemoryProtection
from harness.deploy.target import Core
from tests.board.timing.bare_core import DATA, BareCore, bare_core

M7 = Core.CORTEX_M7
FLASH, SYSTEM_RAM = 0x0800_0000, 0x2001_0000
LINE, CACHE, WAYS = 32, 4096, 4


def board(waits: int = 7, *, caches: bool = True) -> BareCore:
    """An M7 with wait states and its caches on or off, and empty."""
    made = bare_core(M7)
    made.memory.flash(wait_states=waits)
    made.memory.level1(instructions=caches, data=caches)
    made.memory.empty()
    return made


def read(addresses: list[int]) -> str:
    """Loads that do not issue beside each other."""
    return "; ".join(f"movw r4, #{one & 0xFFFF}; movt r4, #{one >> 16}; ldr r0, [r4]; isb" for one in addresses)


def once(made: BareCore, source: str, at: int | None = None) -> int:
    """The cycles of a snippet from empty caches."""
    address = made.place(source, at)
    made.memory.empty()
    return made.run(address)


def miss(memory: int) -> int:
    """What a read of one cold line waits."""
    return once(board(), read([memory])) - once(board(), read([DATA]))


def test_tightly_coupled_memory_is_never_late() -> None:
    addresses = [DATA + LINE * index for index in range(8)]
    assert once(board(), read(addresses)) == once(board(caches=False), read(addresses))


def test_flash_is_later_than_sram_behind_the_same_cache() -> None:
    assert miss(FLASH) - miss(SYSTEM_RAM) == 7
    assert miss(SYSTEM_RAM) == board().spec.memory_timing.level1.bus_cycles  # type: ignore[union-attr]


def test_without_the_cache_every_read_waits() -> None:
    same = [SYSTEM_RAM] * 5
    assert once(board(caches=False), read(same)) - once(board(), read([DATA] * 5)) == 5 * miss(SYSTEM_RAM)
    assert once(board(), read(same)) - once(board(), read([DATA] * 5)) == miss(SYSTEM_RAM)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, CACHE // LINE - 1), min_size=1, max_size=16), st.integers(0, LINE // 4 - 1))
def test_cold_misses_are_the_lines_touched(lines: list[int], word: int) -> None:
    addresses = [SYSTEM_RAM + LINE * line + 4 * word for line in lines]
    late = once(board(), read(addresses)) - once(board(), read([DATA] * len(addresses)))
    assert late == len(set(lines)) * miss(SYSTEM_RAM)


@pytest.mark.parametrize("stride", [4, 16, 32, 64])
def test_misses_by_stride(stride: int) -> None:
    """Words at a stride: one miss for every line, however many words of it are read."""
    addresses = [SYSTEM_RAM + stride * index for index in range(16)]
    late = once(board(), read(addresses)) - once(board(), read([DATA] * 16))
    assert late == miss(SYSTEM_RAM) * max(1, 16 * min(stride, LINE) // LINE)


def passes(memory: int, size: int) -> Fraction:
    """Cycles of one pass through `size` bytes, a word of each line."""
    start = f"movw r5, #{memory & 0xFFFF}; movt r5, #{memory >> 16}; movw r6, #{size // LINE}"
    return board().loop(f"{start}; 2: ldr.w r0, [r5], #{LINE}; subs.w r6, #1; bne 2b")


@pytest.mark.parametrize("size", [CACHE // 2, CACHE, CACHE + LINE, 2 * CACHE])
def test_a_working_set_stays_while_it_fits(size: int) -> None:
    """Round and round: least recently used, a set of one line too many misses all the time."""
    late = passes(SYSTEM_RAM, size) - passes(DATA, size)
    missing = {CACHE + LINE: WAYS + 1, 2 * CACHE: 2 * CACHE // LINE}.get(size, 0)
    assert late == missing * miss(SYSTEM_RAM)


def test_lines_of_one_set_drive_each_other_out() -> None:
    """As many lines as there are ways stay, one more does not: each waits in its turn."""
    way = CACHE // WAYS

    def late(lines: int) -> Fraction:
        made = board()
        there = [SYSTEM_RAM + way * index for index in range(lines)]
        return made.loop(read(there)) - made.loop(read([DATA] * lines))

    assert late(WAYS) == 0
    assert late(WAYS + 1) == (WAYS + 1) * miss(SYSTEM_RAM)


def test_code_in_flash_runs_from_the_instruction_cache_after_the_first_pass() -> None:
    body = "; ".join(["adds r0, #1"] * 100)
    assert board().loop(body, at=FLASH) == board().loop(body)
    assert once(board(), body, FLASH) > once(board(waits=0), body, FLASH) > once(board(), body)


SLOW, FAST = "adds r0, #1", "adds r0, #1; adds r1, #1"


def line_cycles(made: BareCore, pair: str, at: int | None = None) -> Fraction:
    """What each further line of straight code takes that never ran before: 16 instructions of 16 bits."""
    lines = [once(made, "; ".join([pair] * (16 * count // (1 + pair.count(";")))), at) for count in (10, 30)]
    return Fraction(lines[1] - lines[0], 20)


@pytest.mark.parametrize("waits", range(16))
@pytest.mark.parametrize("code", [SLOW, FAST])
def test_the_fetch_queue_takes_the_next_line_while_this_one_runs(waits: int, code: str) -> None:
    """Whichever takes longer: the code, or four fetches of 64 bits and the wait for the line behind."""
    wait = miss(FLASH) - 7 + waits
    made = board(waits)
    assert line_cycles(made, code, FLASH) == pytest.approx(max(line_cycles(made, code), LINE // 8 + wait), abs=0.2)


def test_behind_a_mispredicted_branch_nothing_was_fetched_ahead() -> None:
    """A loop whose last pass falls into a cold line, after any number of passes: it always waits the whole miss."""
    filler = "; ".join(["adds r0, #1"] * 13)
    source = f"movs r1, #{{}}; 1: {filler}; subs r1, #1; bne 1b; adds r2, #1"
    for passes in (3, 5, 9):
        cold, never_late = (once(board(), source.format(passes), at) for at in (FLASH, None))
        assert cold - never_late >= 2 * miss(FLASH)
    assert once(board(), source.format(9), FLASH) - once(board(), source.format(9)) == cold - never_late


def test_a_write_hides_its_misalignment_a_read_does_not() -> None:
    made = board()
    assert made.loop("str r0, [r4, #1]") == made.loop("str.w r0, [r4]")
    assert made.loop("ldr r0, [r4, #1]; isb") - made.loop("ldr.w r0, [r4]; isb") == 3


def test_an_invalidated_cache_is_cold() -> None:
    made, source = board(), read([SYSTEM_RAM])
    address = made.place(source)
    cold, warm = made.run(address), made.run(address)
    made.memory.invalidate(data=True)
    assert cold - warm == made.run(address) - warm == miss(SYSTEM_RAM)


ACCELERATED_FLASH, ACCELERATOR_LINES = 0x0020_0000, 64


@pytest.mark.parametrize("lines", [10, ACCELERATOR_LINES - 1, ACCELERATOR_LINES + 1])
def test_the_accelerator_of_the_f7_holds_64_lines_of_code_on_the_itcm_bus(lines: int) -> None:
    """RM0385 3.3.2; least recently used, so that a loop of one line too many waits for each. Not for the AXI bus."""
    made = board()
    made.memory.flash(instruction_cache=True)
    # 16 instructions a line, less the loop's own two.
    body = "; ".join(["adds.n r0, #1"] * (16 * lines - 3))
    late = made.loop(body, at=ACCELERATED_FLASH) - made.loop(body)
    assert late == (0 if lines <= ACCELERATOR_LINES else 7 * lines)


def halves(address: int) -> tuple[int, int]:
    return address & 0xFFFF, address >> 16


WRITE_BACK, WRITE_THROUGH, SHAREABLE, UNCACHED = 1 << 19 | 3 << 16, 2 << 16, 7 << 16, 1 << 19
NO_ALLOCATION = 3 << 16
"""TEX, S, C and B of RASR (Armv7-M ARM table B3-13)."""
KIB = 1024


def protected(kind: int, *, size: int = 16 * KIB, left_out: int = 0) -> BareCore:
    """A board whose memory protection unit makes system RAM, from its begin on, memory of this kind."""
    made, unit = board(), MemoryProtection(None, v8=False)
    unit.set_region(0, SYSTEM_RAM, 3 << 24 | kind | left_out << 8 | (size.bit_length() - 2) << 1 | 1)
    unit.set_control(1 << 2 | 1)
    made.memory.follow(unit)
    return made


@pytest.fixture
def unprotected() -> Iterator[None]:
    yield
    bare_core(M7).memory.follow(MemoryProtection(None, v8=False))


@pytest.mark.usefixtures("unprotected")
@pytest.mark.parametrize(("kind", "held"), [(WRITE_BACK, 1), (WRITE_THROUGH, 1), (SHAREABLE, 0), (UNCACHED, 0)])
def test_the_protection_unit_says_which_data_is_held(kind: int, held: int) -> None:
    """Shareable memory is not, on this core (TRM 5.2.1)."""
    again = [SYSTEM_RAM] * 5
    waits = 1 if held else len(again)
    assert once(protected(kind), read(again)) - once(board(), read([DATA] * 5)) == waits * miss(SYSTEM_RAM)


@pytest.mark.usefixtures("unprotected")
@pytest.mark.parametrize(
    ("kind", "fetched"), [(WRITE_BACK, True), (NO_ALLOCATION, False), (WRITE_THROUGH, False), (UNCACHED, False)]
)
def test_a_store_fetches_its_line_where_memory_says_so(kind: int, fetched: bool) -> None:
    store = "movw r4, #{}; movt r4, #{}; str r0, [r4]; isb; ldr r0, [r4]; isb"
    made = protected(kind)
    waited = once(made, store.format(*halves(SYSTEM_RAM))) - once(made, store.format(*halves(DATA)))
    assert waited == (0 if fetched else miss(SYSTEM_RAM))


@pytest.mark.usefixtures("unprotected")
def test_what_a_region_leaves_out_is_cached_as_ever() -> None:
    """The second eighth of 16 KiB."""
    made = protected(UNCACHED, left_out=1 << 1)
    for offset, waits in ((0, 3), (2 * KIB, 1), (4 * KIB - 4, 1), (4 * KIB, 3), (16 * KIB, 1)):
        made.memory.empty()
        late = once(made, read([SYSTEM_RAM + offset] * 3)) - once(made, read([DATA] * 3))
        assert late == waits * (once(made, read([SYSTEM_RAM])) - once(made, read([DATA])))
