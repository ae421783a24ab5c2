"""What firmware of vendors was found to lean on, register by register."""

from __future__ import annotations

import pytest

from tests.board.registers import Registers

LPTIM1, L4_RCC = 0x4000_7C00, 0x4002_1000
CMPM, CNTSTRT = 1 << 0, 1 << 2
# The clock enable of the CRC unit.
CRC_GATES = {
    "nucleo_l4r5zi": (0x4002_1048, 12),
    "disco_f746ng": (0x4002_3830, 12),
    "nucleo_u575zi_q": (0x4602_0C88, 12),
    "nucleo_g0b1re": (0x4002_1038, 12),
}


def start_lptim(chip: Registers, compare: int) -> None:
    """LPTIM1 of an STM32L4 over all of its 16 bits on LSE, with an interrupt at `compare`."""
    chip.set_bits(L4_RCC + 0x90, 1)
    chip.set_bits(L4_RCC + 0x58, 1 << 31)
    chip.write(L4_RCC + 0x88, 3 << 18)
    chip.write(LPTIM1 + 0x08, CMPM)
    chip.write(LPTIM1 + 0x10, 1)
    chip.write(LPTIM1 + 0x18, 0xFFFF)
    chip.write(LPTIM1 + 0x14, compare)
    chip.write(LPTIM1 + 0x10, 1 | CNTSTRT)


def test_a_low_power_timer_matches_at_the_end_of_its_range() -> None:
    """mbed OS has it woken there before a time beyond; without, its clock stands still after two seconds."""
    chip = Registers.of("nucleo_l4r5zi")
    start_lptim(chip, 0xFFFF_FFFF)
    scheduler = chip.machine.chip.scheduler
    scheduler.skip_to(scheduler.next)
    scheduler.run_due()
    assert scheduler.now / chip.hz("core") == pytest.approx(0xFFFF / 32_768, rel=1e-4)
    assert chip.read(LPTIM1) & CMPM
    assert chip.machine.chip.interrupts.raised


def test_a_sleep_lasts_no_longer_than_the_run() -> None:
    chip = Registers.of("nucleo_l4r5zi")
    # wfi; b back to it
    chip.machine.chip.engine.write(0x0800_0000, bytes.fromhex("0010002009000008 30bffde7"))
    chip.machine.reset()
    start_lptim(chip, 0x8000)
    start = chip.machine.cycles
    for wanted in (1000, 2000):
        chip.machine.run(1000)
        assert chip.machine.asleep
        assert wanted <= chip.machine.cycles - start < wanted + 100


@pytest.mark.parametrize("board", CRC_GATES)
def test_the_crc_unit_knows_what_x_cube_ai_asks_it(board: str) -> None:
    """The library does not compute where this word has another CRC-32."""
    chip = Registers.of(board)
    register, bit = CRC_GATES[board]
    chip.set_bits(register, 1 << bit)
    chip.write(0x4002_3008, 1)
    chip.write(0x4002_3000, 0xF407_A5C2)
    assert chip.read(0x4002_3000) == 0xB5E8_B5CD


def test_power_good_of_an_external_supply_reads_high() -> None:
    """PG12 of the boards that end in -P, for which their firmware waits."""
    chip = Registers.of("nucleo_l4r5zi")
    chip.set_bits(L4_RCC + 0x4C, 1 << 6)
    chip.write(0x4800_1800, chip.read(0x4800_1800) & ~(3 << 24))
    assert chip.read(0x4800_1810) >> 12 & 1


def test_a_delay_that_polls_a_counter_passes_tick_by_tick() -> None:
    """`wait_us` of mbed OS: every look but the first of a tick would show the same."""
    chip = Registers.of("disco_f746ng")
    tim5, microsecond = 0x4000_0C00, chip.hz("core") // 1_000_000
    chip.set_bits(0x4002_3840, 1 << 3)
    chip.write(tim5 + 0x28, chip.hz("timclk1") // 1_000_000 - 1)
    chip.write(tim5 + 0x14, 1)
    chip.write(tim5, 1)
    start = chip.machine.cycles
    looks = [chip.read(tim5 + 0x24) for _ in range(5)]
    assert looks == [0, 1, 2, 3, 4]
    assert chip.machine.cycles - start == 4 * microsecond
    # Code that looks now and then sees time as it is.
    chip.machine.chip.engine.clock.state.cycles += 1000
    assert chip.read(tim5 + 0x24) == (4 * microsecond + 1000) // microsecond
    assert chip.machine.cycles - start == 4 * microsecond + 1000


def test_a_vector_table_that_is_not_aligned_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """As a linker put it for a development version of mbed OS: its first supervisor call went astray."""
    chip = Registers.of("disco_f746ng")
    chip.write(0xE000_ED08, 0x2000_0080)
    assert not caplog.records
    chip.write(0xE000_ED08, 0x2000_0020)
    assert chip.read(0xE000_ED08) == 0x2000_0000
    assert "VTOR is set to 0x20000020, no multiple of 128" in caplog.text
