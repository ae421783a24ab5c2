"""DPPI of the nRF5340: events start tasks of other peripherals, or of their own, without the core."""

from __future__ import annotations

import pytest

from tests.board.registers import Registers

DPPIC, UARTE, TIMER, RTC, RAM = 0x5001_7000, 0x5000_8000, 0x5000_F000, 0x5001_4000, 0x2000_0000
ENDTX, TXSTOPPED = 0x120, 0x158
ON = 1 << 31


@pytest.fixture
def nrf() -> Registers:
    return Registers.of("nrf5340_dk")


def send_and_stop(nrf: Registers, channel: int) -> None:
    """As Zephyr's driver: the end of a transmission stops it."""
    nrf.write(UARTE + 0x080 + 0x00C, ON | channel)
    nrf.write(UARTE + 0x180 + ENDTX - 0x100, ON | channel)
    nrf.write(UARTE + 0x500, 8)
    nrf.write(UARTE + 0x544, RAM)
    nrf.write(UARTE + 0x548, 1)
    nrf.write(UARTE + 0x008, 1)
    nrf.machine.chip.engine.clock.state.cycles += nrf.hz("core") // 1000
    nrf.machine.chip.scheduler.run_due()


def test_an_event_carries_out_the_task_that_its_channel_leads_to(nrf: Registers) -> None:
    nrf.write(DPPIC + 0x504, 1 << 3)
    assert nrf.read(DPPIC + 0x500) == nrf.read(DPPIC + 0x508) == 1 << 3
    send_and_stop(nrf, 3)
    assert nrf.read(UARTE + ENDTX) == nrf.read(UARTE + TXSTOPPED) == 1


def test_a_channel_that_is_off_leads_nowhere(nrf: Registers) -> None:
    nrf.write(DPPIC + 0x504, 0b1001)
    nrf.write(DPPIC + 0x508, 1 << 3)
    assert nrf.read(DPPIC + 0x500) == 1
    send_and_stop(nrf, 3)
    assert nrf.read(UARTE + ENDTX) == 1
    assert nrf.read(UARTE + TXSTOPPED) == 0


def test_a_group_of_channels_is_switched_by_a_task(nrf: Registers) -> None:
    nrf.write(DPPIC + 0x800 + 4 * 2, 0b110)
    nrf.write(DPPIC + 8 * 2, 1)
    assert nrf.read(DPPIC + 0x500) == 0b110
    nrf.write(DPPIC + 8 * 2 + 4, 1)
    assert nrf.read(DPPIC + 0x500) == 0


def test_the_tick_of_one_counter_captures_another(nrf: Registers) -> None:
    nrf.write(DPPIC + 0x504, 1)
    nrf.write(RTC + 0x540, 1)
    nrf.write(RTC + 0x180 + 0x40, ON)
    nrf.write(TIMER + 0x508, 3)
    nrf.write(TIMER + 0x510, 0)
    nrf.write(TIMER + 0x080 + 0x044, ON)
    nrf.write(TIMER, 1)
    nrf.write(RTC, 1)
    scheduler = nrf.machine.chip.scheduler
    while not nrf.read(RTC + 0x140):
        scheduler.skip_to(scheduler.next)
        scheduler.run_due()
    assert nrf.read(TIMER + 0x544) == 16_000_000 // 32_768
