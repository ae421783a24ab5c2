"""The i.MX RT1170's clocks, FlexSPI, LPUART and GPIO, by their registers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.board.registers import Registers

OSC_24M, ARM_PLL, SYS_PLL2, SYS_PLL2_UPDATE, SYS_PLL2_PFD = (
    0x40C8_4000 + o for o in (0x20, 0x200, 0x240, 0x250, 0x270)
)
OSC_EN, OSC_STABLE = 1 << 4, 1 << 30
POWERUP, ENABLE, STABLE, GATE = 1 << 13, 1 << 14, 1 << 29, 1 << 30
SYS_POWERUP, SYS_ENABLE = 1 << 23, 1 << 13
ARM_PLL_OUT, SYS_PLL2_PFD3 = 4, 7
MCR0, INTEN, INTR, LUTKEY, LUTCR, IPCR0, IPCR1, IPCMD, IPRXFCR, IPTXFCR, STS1, RFDR, TFDR, LUT = (
    0x400C_C000 + offset
    for offset in (0x00, 0x10, 0x14, 0x18, 0x1C, 0xA0, 0xA4, 0xB0, 0xB8, 0xBC, 0xE4, 0x100, 0x180, 0x200)
)
KEY, DONE, ERROR, TX_EMPTY, MDIS = 0x5AF0_5AF0, 1 << 0, 1 << 3, 1 << 6, 1 << 1
COMMAND, ADDRESS, WRITE, READ = 0x0400, 0x0818, 0x2004, 0x2404
FLASH, SOMEWHERE, PAGE, SECTOR = 0x3000_0000, 0x12_3000, 256, 4096
WATER, BAUD, STAT, CTRL, DATA, FIFO = (0x4007_C000 + offset for offset in (0x2C, 0x10, 0x14, 0x18, 0x1C, 0x28))
RE, TE, RIE, RDRF, TC, TDRE = 1 << 18, 1 << 19, 1 << 21, 1 << 21, 1 << 22, 1 << 23
GPIO3, GPIO9 = 0x4013_4000, 0x40C6_4000


@pytest.fixture(scope="module")
def machine_of_the_board() -> Registers:
    return Registers.of("mimxrt1170_evk")


@pytest.fixture
def chip(machine_of_the_board: Registers) -> Registers:
    machine_of_the_board.machine.reset()
    return machine_of_the_board


def root(number: int) -> int:
    return 0x40CC_0000 + 0x80 * number


def raised(chip: Registers, interrupt: int) -> bool:
    return 16 + interrupt in chip.machine.chip.interrupts.raised


# ---- clocks


def start_arm_pll(chip: Registers, factor: int, post_divider: int) -> None:
    chip.set_bits(OSC_24M, OSC_EN)
    setting = factor | post_divider << 15
    chip.write(ARM_PLL, setting | POWERUP | GATE)
    assert chip.read(ARM_PLL) & STABLE
    chip.write(ARM_PLL, setting | POWERUP | ENABLE)


def test_the_core_starts_with_the_halved_48_mhz_oscillator(chip: Registers) -> None:
    assert chip.hz("core") == chip.hz("lpuart1") == 24_000_000


def test_the_crystal_is_stable_once_enabled(chip: Registers) -> None:
    assert not chip.read(OSC_24M) & OSC_STABLE
    chip.set_bits(OSC_24M, OSC_EN)
    assert chip.read(OSC_24M) & OSC_STABLE


def test_what_overdrive_waits_for_is_there(chip: Registers) -> None:
    """The converter's output, and the body bias once enabled, as MCUXpresso's BOARD_BootClockRUN does."""
    assert chip.read(0x40CA_8008) >> 31
    assert not chip.read(0x40C8_4560) >> 26 & 1
    chip.set_bits(0x40C8_4560, 1 << 24)
    assert chip.read(0x40C8_4560) >> 26 & 1


@settings(max_examples=20, deadline=None)
@given(
    factor=st.integers(104, 208),
    post_divider=st.sampled_from([(0, 2), (1, 4), (2, 8), (3, 1)]),
    divider=st.integers(1, 16),
)
def test_the_core_runs_from_the_arm_pll(
    machine_of_the_board: Registers, factor: int, post_divider: tuple[int, int], divider: int
) -> None:
    chip = machine_of_the_board
    chip.machine.reset()
    start_arm_pll(chip, factor, post_divider[0])
    chip.write(root(0), ARM_PLL_OUT << 8 | divider - 1)
    assert chip.hz("core") == 12_000_000 * factor // post_divider[1] // divider


def test_a_gated_pll_gives_no_clock_and_the_core_goes_on_without(chip: Registers) -> None:
    start_arm_pll(chip, 166, 0)
    chip.write(root(0), ARM_PLL_OUT << 8)
    assert chip.hz("core") == 996_000_000
    chip.set_bits(ARM_PLL, GATE)
    assert chip.hz("core") == 24_000_000


def test_a_pfd_tells_by_its_flag_that_it_was_updated(chip: Registers) -> None:
    chip.write(SYS_PLL2, SYS_POWERUP | SYS_ENABLE)
    before = chip.read(SYS_PLL2_PFD)
    chip.write(SYS_PLL2_PFD, before & ~(0xBF << 24) | 32 << 24)
    chip.write(SYS_PLL2_UPDATE, 1 << 4)
    assert (chip.read(SYS_PLL2_PFD) ^ before) & 1 << 30
    chip.write(root(25), SYS_PLL2_PFD3 << 8)
    assert chip.hz("lpuart1") == 528_000_000 * 18 // 32


def test_roots_are_set_cleared_and_toggled_by_bits(chip: Registers) -> None:
    chip.write(root(25) + 4, 0x3)
    assert (chip.read(root(25)), chip.hz("lpuart1")) == (3, 6_000_000)
    chip.write(root(25) + 8, 0x2)
    assert (chip.read(root(25) + 0x20), chip.hz("lpuart1")) == (1, 12_000_000)
    chip.write(root(25) + 12, 1 << 24 | 1)
    assert (chip.read(root(25)), chip.hz("lpuart1")) == (1 << 24, 0)


# ---- FlexSPI


def enable_flexspi(chip: Registers) -> None:
    chip.write(MCR0, chip.read(MCR0) & ~MDIS)
    chip.write(IPTXFCR, (PAGE // 16 - 1) << 2)


def command(chip: Registers, *steps: int, address: int = 0, size: int = 0, data: bytes = b"") -> bytes:
    """Put a sequence into the look-up table and carry it out; what was read."""
    chip.write(LUTKEY, KEY)
    chip.write(LUTCR, 2)
    halves = [*steps, *[0] * (8 - len(steps))]
    for index in range(4):
        chip.write(LUT + 16 * 15 + 4 * index, halves[2 * index] | halves[2 * index + 1] << 16)
    chip.write(INTR, DONE | ERROR)
    chip.write(IPRXFCR, 1)
    chip.write(IPCR0, address)
    chip.write(IPCR1, 15 << 16 | size)
    chip.write(IPCMD, 1)
    for start in range(0, len(data), PAGE // 2):
        assert not chip.read(INTR) & DONE
        assert chip.read(INTR) & TX_EMPTY
        for offset in range(0, PAGE // 2, 4):
            chip.write(TFDR + offset, int.from_bytes(data[start + offset : start + offset + 4], "little"))
        chip.write(INTR, TX_EMPTY)
    return b"".join(chip.read(RFDR + word).to_bytes(4, "little") for word in range(0, size, 4))[:size]


def program(chip: Registers, address: int, data: bytes) -> None:
    command(chip, COMMAND | 0x06)
    command(chip, COMMAND | 0x02, ADDRESS, WRITE, address=address, size=len(data), data=data)


def content(chip: Registers, address: int, size: int) -> bytes:
    return chip.machine.chip.bus.read(FLASH + address, size)


@settings(max_examples=15, deadline=None)
@given(first=st.binary(min_size=PAGE, max_size=PAGE), second=st.binary(min_size=PAGE, max_size=PAGE))
def test_programming_turns_ones_to_zeros_and_erasing_gives_ones(
    machine_of_the_board: Registers, first: bytes, second: bytes
) -> None:
    chip = machine_of_the_board
    chip.machine.reset()
    enable_flexspi(chip)
    command(chip, COMMAND | 0x06)
    command(chip, COMMAND | 0x20, ADDRESS, address=SOMEWHERE)
    assert content(chip, SOMEWHERE, SECTOR) == b"\xff" * SECTOR
    program(chip, SOMEWHERE, first)
    program(chip, SOMEWHERE, second)
    assert content(chip, SOMEWHERE, PAGE) == bytes(one & other for one, other in zip(first, second, strict=True))
    assert command(chip, COMMAND | 0x03, ADDRESS, READ, address=SOMEWHERE, size=64) == content(chip, SOMEWHERE, 64)


@pytest.mark.parametrize(("opcode", "size"), [(0x20, 4 << 10), (0xD7, 4 << 10), (0x52, 32 << 10), (0xD8, 64 << 10)])
def test_erasing_takes_the_whole_block_and_nothing_else(chip: Registers, opcode: int, size: int) -> None:
    enable_flexspi(chip)
    block = SOMEWHERE // size * size
    for place in (block - PAGE, block, block + size - PAGE, block + size):
        program(chip, place, bytes(PAGE))
    command(chip, COMMAND | 0x06)
    command(chip, COMMAND | opcode, ADDRESS, address=SOMEWHERE)
    assert content(chip, block, size) == b"\xff" * size
    assert content(chip, block - PAGE, PAGE) == content(chip, block + size, PAGE) == bytes(PAGE)


def test_nothing_changes_without_write_enable(chip: Registers) -> None:
    enable_flexspi(chip)
    command(chip, COMMAND | 0x06)
    command(chip, COMMAND | 0xC7)
    assert command(chip, COMMAND | 0x05, READ, size=1) == b"\0"
    command(chip, COMMAND | 0x02, ADDRESS, WRITE, address=SOMEWHERE, size=PAGE, data=bytes(PAGE))
    assert content(chip, SOMEWHERE, PAGE) == b"\xff" * PAGE
    command(chip, COMMAND | 0x06)
    assert command(chip, COMMAND | 0x05, READ, size=1) == b"\x02"


def test_what_goes_beyond_a_page_goes_to_its_beginning(chip: Registers) -> None:
    enable_flexspi(chip)
    command(chip, COMMAND | 0x06)
    command(chip, COMMAND | 0xC7)
    data = bytes(range(PAGE))
    program(chip, SOMEWHERE + 64, data)
    assert content(chip, SOMEWHERE, PAGE) == data[-64:] + data[:-64]
    assert content(chip, SOMEWHERE + PAGE, PAGE) == b"\xff" * PAGE


def test_the_flash_says_who_it_is(chip: Registers) -> None:
    enable_flexspi(chip)
    assert command(chip, COMMAND | 0x9F, READ, size=3) == bytes((0x9D, 0x70, 0x18))


def test_unknown_commands_and_empty_sequences_are_errors_that_interrupt(chip: Registers) -> None:
    enable_flexspi(chip)
    chip.write(INTEN, ERROR)
    for steps in ((), (COMMAND | 0xEE,)):
        command(chip, *steps)
        assert chip.read(INTR) & ERROR
        assert chip.read(STS1) >> 24
        assert raised(chip, 130)
        chip.write(INTR, ERROR | DONE)
        assert not raised(chip, 130)


def test_a_disabled_controller_does_nothing_and_a_locked_table_stays(chip: Registers) -> None:
    chip.write(IPCMD, 1)
    assert not chip.read(INTR) & DONE
    chip.write(LUT, 0x1234)
    chip.write(LUTKEY, KEY)
    chip.write(LUTCR, 1)
    chip.write(LUT, 0x5678)
    assert chip.read(LUT) == 0x1234


def test_stores_to_the_flash_change_nothing(chip: Registers) -> None:
    before = content(chip, SOMEWHERE, 4)
    chip.machine.chip.bus.write(FLASH + SOMEWHERE, b"\1\2\3\4")
    assert content(chip, SOMEWHERE, 4) == before


# ---- LPUART


def sent(chip: Registers) -> None:
    """Let what is being sent end."""
    scheduler = chip.machine.chip.scheduler
    while not chip.read(STAT) & TC:
        scheduler.skip_to(scheduler.next)


def test_a_bit_takes_sbr_times_osr_and_one_periods(chip: Registers) -> None:
    chip.write(BAUD, 25 << 24 | 1)
    chip.write(CTRL, TE | RE)
    chip.write(DATA, 0x41)
    assert not chip.read(STAT) & TC
    before = chip.machine.cycles
    sent(chip)
    # Start, eight data and stop, all of 26 cycles of 24 MHz, which the core runs with, too.
    assert chip.machine.cycles - before == 260


def test_the_fifos_hold_four_bytes_and_flush(chip: Registers) -> None:
    chip.write(FIFO, 0x88)
    chip.write(BAUD, 25 << 24 | 1)
    chip.write(CTRL, TE)
    for byte in range(5):
        chip.write(DATA, byte)
    assert chip.read(WATER) >> 8 & 7 == 4
    assert not chip.read(STAT) & TDRE
    chip.write(FIFO, 0x8088)
    assert chip.read(WATER) >> 8 & 7 == 0
    assert chip.read(FIFO) & 0x8000 == 0


def test_received_bytes_interrupt_while_there_are_more_than_the_watermark(chip: Registers) -> None:
    chip.write(FIFO, 0x88)
    chip.write(BAUD, 25 << 24 | 1)
    chip.write(WATER, 1 << 16)
    chip.write(CTRL, RE | RIE)
    chip.machine.line.feed(b"ab")
    scheduler = chip.machine.chip.scheduler
    scheduler.skip_to(scheduler.next)
    assert (chip.read(WATER) >> 24, chip.read(STAT) & RDRF, raised(chip, 20)) == (1, 0, False)
    while not raised(chip, 20):
        scheduler.skip_to(scheduler.next)
    assert chip.read(STAT) & RDRF
    assert bytes(chip.read(DATA) for _ in range(2)) == b"ab"
    assert not raised(chip, 20)
    assert chip.read(DATA) == 1 << 12


# ---- GPIO


@settings(max_examples=20, deadline=None)
@given(direction=st.integers(0, 2**32 - 1), levels=st.integers(0, 2**32 - 1), other=st.integers(0, 2**32 - 1))
def test_outputs_show_what_was_written_and_inputs_read_high(
    machine_of_the_board: Registers, direction: int, levels: int, other: int
) -> None:
    chip = machine_of_the_board
    chip.machine.reset()
    chip.write(GPIO9 + 4, direction)
    chip.write(GPIO9, levels)
    assert chip.read(GPIO9 + 8) == levels & direction | ~direction & 0xFFFF_FFFF
    chip.write(GPIO9 + 0x84, other)
    chip.write(GPIO9 + 0x8C, levels)
    chip.write(GPIO9 + 0x88, ~other & 0xFFFF_FFFF)
    assert chip.read(GPIO9) & direction == (levels | other) & ~levels & other & direction


def test_the_trigger_is_the_user_led(chip: Registers) -> None:
    chip.write(GPIO9 + 4, 1 << 3)
    chip.write(GPIO9 + 0x84, 1 << 3)
    assert chip.machine.trigger
    chip.write(GPIO9 + 0x88, 1 << 3)
    assert not chip.machine.trigger


@pytest.mark.parametrize(("condition", "level"), [(2, True), (3, False), (0, False), (1, True)])
def test_inputs_interrupt_on_edges_and_levels(chip: Registers, condition: int, level: bool) -> None:
    pins, pin = chip.machine.chip.pins, 17
    pins.put("GPIO3", pin, not level)
    chip.write(GPIO3 + 0x10, condition << 2)
    chip.write(GPIO3 + 0x18, 0xFFFF_FFFF)
    chip.write(GPIO3 + 0x14, 1 << pin)
    assert not raised(chip, 105)
    pins.put("GPIO3", pin, level)
    assert raised(chip, 105)
    chip.write(GPIO3 + 0x18, 1 << pin)
    assert raised(chip, 105) == (condition < 2)
    pins.put("GPIO3", pin, True)
