"""What the STM32U5, G0 and F4 have of their own: ICACHE, EXTI with a register an edge, USART with SR and DR."""

from __future__ import annotations

import pytest

from tests.board.registers import Registers

ICACHE = 0x4003_0400


def test_the_cache_of_the_u5_is_switched_and_emptied() -> None:
    u5 = Registers.of("nucleo_u575zi_q")
    cache = u5.machine.chip.engine.clock.state.caches[0]
    assert u5.read(ICACHE) == 4
    assert cache.lines == 1
    u5.write(ICACHE, 5)
    assert (cache.lines, cache.ways) == (8192 // 16, 2)
    u5.write(ICACHE, 1)
    assert (cache.lines, cache.ways) == (8192 // 16, 1)
    cache.tags[3] = 1
    u5.write(ICACHE, 3)
    assert u5.read(ICACHE) == 1
    assert u5.read(ICACHE + 4) == 2
    assert cache.tags[3] == 0
    u5.write(ICACHE + 0xC, 2)
    assert u5.read(ICACHE + 4) == 0
    u5.machine.reset()
    assert cache.lines == 1


def test_wait_states_of_the_u5_are_flashs_and_leave_its_cache_alone() -> None:
    u5 = Registers.of("nucleo_u575zi_q")
    state = u5.machine.chip.engine.clock.state
    u5.write(ICACHE, 5)
    u5.write(0x4002_2000, 4 | 1 << 8)
    assert state.regions[0].fetch_stall == 4
    assert state.caches[0].lines == 8192 // 16
    assert state.caches[0].reads_ahead


@pytest.mark.parametrize(
    ("board", "exti", "interrupt"), [("nucleo_u575zi_q", 0x4602_2000, 24), ("nucleo_g0b1re", 0x4002_1800, 7)]
)
@pytest.mark.parametrize(("level", "trigger", "pending"), [(True, 0x00, 0x0C), (False, 0x04, 0x10)])
def test_an_edge_of_the_button_interrupts(
    board: str, exti: int, interrupt: int, level: bool, trigger: int, pending: int
) -> None:
    """PC13, where these boards have their button."""
    chip = Registers.of(board)
    chip.machine.chip.pins.put("GPIOC", 13, not level)
    chip.write(exti + 0x60 + 4 * 3, 2 << 8)
    chip.write(exti + trigger, 1 << 13)
    chip.write(exti + 0x80, 1 << 13)
    chip.machine.chip.pins.put("GPIOC", 13, level)
    assert chip.read(exti + pending) == 1 << 13
    assert 16 + interrupt in chip.machine.chip.interrupts.raised
    chip.write(exti + pending, 1 << 13)
    assert not chip.machine.chip.interrupts.raised


class F4Usart:
    """USART3 of the F469, at a bit in 100 cycles."""

    SR, DR, BRR, CR1 = (0x4000_4800 + offset for offset in (0x0, 0x4, 0x8, 0xC))
    IDLE, RXNE, TC, TXE, ORE = 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 3

    def __init__(self) -> None:
        self.chip = Registers.of("disco_f469ni")
        self.chip.write(0x4002_3840, 1 << 18)
        self.chip.write(self.BRR, 100)
        self.chip.write(self.CR1, 1 << 13 | 1 << 3 | 1 << 2)

    def wait(self, bits: int) -> None:
        self.chip.machine.chip.engine.clock.state.cycles += 100 * bits

    def status(self) -> int:
        return self.chip.read(self.SR)


@pytest.fixture
def usart() -> F4Usart:
    return F4Usart()


def test_what_is_sent_leaves_at_the_baud_rate(usart: F4Usart) -> None:
    chip = usart.chip
    assert usart.status() == usart.TC | usart.TXE
    start = chip.machine.cycles
    chip.write(usart.DR, ord("a"))
    chip.write(usart.DR, ord("b"))
    assert not usart.status() & (usart.TC | usart.TXE)
    for status in (usart.TXE, usart.TXE | usart.TC):
        usart.wait(10)
        assert usart.status() & (usart.TC | usart.TXE) == status
    assert chip.machine.cycles - start == 2000
    assert chip.machine.line.sent() == b"ab"


def test_overrun_and_idle_end_with_a_read_of_both_registers(usart: F4Usart) -> None:
    chip = usart.chip
    chip.machine.line.feed(b"xyz")
    chip.machine.chip.engine.clock.state.cycles += 100_000
    assert usart.status() & (usart.RXNE | usart.ORE | usart.IDLE) == usart.RXNE | usart.ORE | usart.IDLE
    assert chip.read(usart.DR) == ord("x")
    assert not usart.status() & (usart.RXNE | usart.ORE | usart.IDLE)
    assert chip.read(usart.DR) == 0
