"""Flash of every STM32: the algorithm erases the sector that an address is in, programs, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.board_file import list_boards, load_board
from harness.board.virtual.flash_algorithm import flash_algorithm
from harness.board.virtual.flash_layout import FlashLayout, SectorRun, flash_layout
from harness.board.virtual.machine import Pause
from harness.board.virtual.peripherals.flash import KEYS
from tests.board.registers import Registers


def layout_of(board: str) -> FlashLayout | None:
    spec = load_board(board)
    return flash_layout(spec.target.family, spec.mcu)


BOARDS = [name for name in list_boards() if layout_of(name) is not None]


@pytest.mark.parametrize("board", BOARDS)
def test_the_sectors_fill_the_flash_without_gaps(board: str) -> None:
    target = load_board(board).target
    end = 0
    layout = layout_of(board)
    assert layout is not None
    for run in layout.runs(target.flash.size):
        assert run.offset == end
        end += run.bytes
    assert end == target.flash.size


DHCSR, DCRSR, DCRDR = 0xE000_EDF0, 0xE000_EDF4, 0xE000_EDF8
RUN, HALT = 0xA05F_0001, 0xA05F_0003
SP, LR, PC = 13, 14, 15


class Flash:
    """The flash of one board, programmed by running the algorithm on its core, as a debugger does."""

    def __init__(self, board: str) -> None:
        self.chip = Registers.of(board)
        self.target = load_board(board).target
        layout = layout_of(board)
        assert layout is not None
        self.layout = layout
        self.runs = self.layout.runs(self.target.flash.size)
        self.chip.write(DHCSR, HALT)

    def call(self, run: SectorRun, function: str, *arguments: int) -> int:
        """Run one function of the algorithm to its end; its result."""
        ram = self.target.ram.origin
        algorithm = flash_algorithm(self.layout, run, self.target.flash.origin, ram)
        for index, word in enumerate(algorithm["instructions"]):
            self.chip.write(ram + 4 * index, word)
        registers = {**dict(enumerate(arguments)), SP: algorithm["begin_stack"], LR: ram | 1, PC: algorithm[function]}
        for number, value in registers.items():
            self.chip.write(DCRDR, value)
            self.chip.write(DCRSR, 1 << 16 | number)
        self.chip.write(DHCSR, RUN)
        assert self.chip.machine.run(1_000_000) is Pause.HALTED
        assert self.register(PC) & ~1 == ram
        return self.register(0)

    def register(self, number: int) -> int:
        self.chip.write(DCRSR, number)
        return self.chip.read(DCRDR)

    def run_of(self, offset: int) -> SectorRun:
        return next(run for run in self.runs if run.offset <= offset < run.offset + run.bytes)

    def content(self) -> bytearray:
        (memory,) = (one for one in self.chip.machine.chip.engine.memories if one.origin == self.target.flash.origin)
        return bytearray(memory.buffer[: memory.size])


@pytest.fixture(scope="module", params=BOARDS)
def flash(request: pytest.FixtureRequest) -> Flash:
    return Flash(request.param)


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_programming_and_erasing_change_one_place_each(flash: Flash, data: st.DataObject) -> None:
    size, origin, ram = flash.target.flash.size, flash.target.flash.origin, flash.target.ram.origin
    offset = data.draw(st.integers(0, size // 64 - 1)) * 64
    words = data.draw(st.binary(min_size=64, max_size=64))
    run = flash.run_of(offset)
    assert flash.call(run, "pc_init", origin, 0, 0) == 0
    before = flash.content()
    start = run.offset + (offset - run.offset) // run.size * run.size
    before[start : start + run.size] = b"\xff" * run.size
    assert flash.call(run, "pc_erase_sector", origin + offset) == 0
    assert flash.content() == before
    flash.chip.machine.chip.bus.write(ram + 0x4000, words)
    assert flash.call(run, "pc_program_page", origin + offset, len(words), ram + 0x4000) == 0
    before[offset : offset + len(words)] = words
    assert flash.content() == before
    assert flash.call(run, "pc_unInit", 0) == 0
    control = flash.chip.read(flash.layout.origin + run.bank * flash.layout.bank_stride + flash.layout.control)
    assert control & flash.layout.lock


def test_erasing_all_of_a_region_leaves_the_others_alone() -> None:
    flash = Flash("disco_f469ni")
    first, last = flash.runs[0], flash.runs[-1]
    origin, ram = flash.target.flash.origin, flash.target.ram.origin
    flash.chip.machine.chip.bus.write(ram + 0x4000, bytes(64))
    for run in (first, last):
        flash.call(run, "pc_init", origin, 0, 0)
        for offset in (run.offset, run.offset + run.bytes - 64):
            assert flash.call(run, "pc_program_page", origin + offset, 64, ram + 0x4000) == 0
    assert flash.call(last, "pc_eraseAll") == 0
    content = flash.content()
    assert content[last.offset :] == b"\xff" * last.bytes
    assert content[:64] == content[first.bytes - 64 : first.bytes] == bytes(64)


def test_a_mass_erase_takes_the_banks_that_it_names() -> None:
    flash = Flash("nucleo_u575zi_q")
    chip, origin, half = flash.chip, flash.target.flash.origin, flash.target.flash.size // 2
    for key in KEYS:
        chip.write(0x4002_2008, key)
    chip.write(0x4002_2028, 1)
    for address in (origin, origin + half):
        chip.write(address, 0)
    chip.write(0x4002_2028, 1 << 15 | 1 << 16)
    assert (chip.read(origin), chip.read(origin + half)) == (0, 0xFFFF_FFFF)


def test_what_is_programmed_already_is_an_error_where_words_are_guarded_by_a_code() -> None:
    flash = Flash("nucleo_g0b1re")
    run, origin, ram = flash.runs[0], flash.target.flash.origin, flash.target.ram.origin
    flash.chip.machine.chip.bus.write(ram + 0x4000, bytes(64))
    flash.call(run, "pc_init", origin, 0, 0)
    assert flash.call(run, "pc_program_page", origin, 64, ram + 0x4000) == 0
    assert flash.call(run, "pc_program_page", origin, 64, ram + 0x4000) == flash.layout.programming_error
