"""The STM32U5's GPDMA: blocks, linked lists and requests, by its registers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.board.registers import Registers

RAM = 0x2000_0000
CLOCK = 0x4602_0C88
CHANNEL = 0x4002_0050 + 3 * 0x80
FCR, SR, CR, TR1, TR2, BR1, SAR, DAR, LLR = (CHANNEL + o for o in (0xC, 0x10, 0x14, 0x40, 0x44, 0x48, 0x4C, 0x50, 0x7C))
EN, RESET, TCIE = 1, 2, 1 << 8
IDLE, DONE, HALF, LIST_ERROR, SUSPENDED = 1, 1 << 8, 1 << 9, 1 << 11, 1 << 13
SINC, DINC, SOFTWARE = 1 << 3, 1 << 19, 1 << 9
READ_ALL = 0xF801_0000


@pytest.fixture(scope="module")
def chip() -> Registers:
    return Registers.of("nucleo_u575zi_q")


@pytest.fixture(autouse=True)
def reset(chip: Registers) -> None:
    chip.machine.reset()
    chip.write(CLOCK, 1)


def let_time_pass(chip: Registers, cycles: int = 100_000) -> None:
    end = chip.machine.cycles + cycles
    while chip.machine.cycles < end and chip.machine.chip.scheduler.next < end:
        chip.machine.chip.scheduler.skip_to(end)


def raised(chip: Registers) -> bool:
    """The channel's interrupt, 32."""
    return 16 + 32 in chip.machine.chip.interrupts.raised


@settings(max_examples=30, deadline=None)
@given(data=st.binary(min_size=4, max_size=64).map(lambda data: data[: len(data) // 4 * 4]), width=st.integers(0, 2))
def test_a_block_is_copied_and_told(chip: Registers, data: bytes, width: int) -> None:
    chip.machine.reset()
    chip.write(CLOCK, 1)
    chip.machine.chip.bus.write(RAM, data)
    chip.machine.chip.bus.write(RAM + 0x100, bytes(64))
    assert chip.read(SR) == IDLE
    for register, value in ((TR1, width | SINC | width << 16 | DINC), (TR2, SOFTWARE), (BR1, len(data))):
        chip.write(register, value)
    chip.write(SAR, RAM)
    chip.write(DAR, RAM + 0x100)
    chip.write(CR, EN | TCIE)
    assert not chip.read(SR) & (IDLE | DONE)
    let_time_pass(chip)
    assert chip.machine.chip.bus.read(RAM + 0x100, 64) == data + bytes(64 - len(data))
    assert chip.read(SR) & (IDLE | DONE) == IDLE | DONE
    assert not chip.read(CR) & EN
    assert chip.read(BR1) == 0
    assert raised(chip)
    assert chip.read(0x4002_000C) == 1 << 3
    chip.write(FCR, DONE | HALF)
    assert not raised(chip)


def test_a_list_is_followed_to_its_end(chip: Registers) -> None:
    """Three items that copy a word each, from the one before to the one after."""
    chip.write(RAM, 0xC0FF_EE00)
    for item in range(3):
        at = RAM + 0x200 + 0x20 * item
        after = READ_ALL | (at + 0x20) & 0xFFFC if item < 2 else 0
        words = (2 | SINC | 2 << 16 | DINC, SOFTWARE, 4, RAM + 4 * item, RAM + 4 * item + 4, after)
        for index, word in enumerate(words):
            chip.write(at + 4 * index, word)
    chip.write(CHANNEL, RAM)
    chip.write(LLR, READ_ALL | 0x200)
    chip.write(CR, EN)
    let_time_pass(chip)
    assert [chip.read(RAM + 4 * index) for index in range(4)] == [0xC0FF_EE00] * 4
    assert chip.read(SR) & (IDLE | DONE) == IDLE | DONE


def test_a_list_that_lies_nowhere_is_an_error(chip: Registers) -> None:
    chip.write(CHANNEL, 0x6000_0000)
    chip.write(LLR, READ_ALL | 0x200)
    chip.write(CR, EN)
    assert chip.read(SR) & (IDLE | LIST_ERROR) == IDLE | LIST_ERROR
    assert not chip.read(CR) & EN


def test_a_request_moves_one_item_and_a_suspended_channel_none(chip: Registers) -> None:
    """USART1 asks for bytes to send as long as its data register is empty: one goes, one waits."""
    usart = 0x4001_3800
    chip.write(0x4602_0CA4, 1 << 14)
    chip.write(usart + 0x0C, 100)
    chip.write(usart + 0x00, 1 << 3 | 1)
    for register, value in ((TR1, SINC), (TR2, 25 | 1 << 10), (BR1, 8), (SAR, RAM), (DAR, usart + 0x28)):
        chip.write(register, value)
    chip.machine.chip.bus.write(RAM, b"requests")
    chip.write(usart + 0x08, 1 << 7)
    chip.write(CR, EN)
    assert 0 < chip.read(BR1) & 0xFFFF < 8
    chip.write(CR, 1 << 2)
    assert chip.read(SR) & SUSPENDED
    left = chip.read(BR1) & 0xFFFF
    let_time_pass(chip)
    assert chip.read(BR1) & 0xFFFF == left
    chip.write(CR, RESET)
    assert chip.read(SR) & IDLE
    assert not chip.read(CR) & EN
