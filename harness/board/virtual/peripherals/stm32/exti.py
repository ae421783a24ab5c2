"""External interrupts (RM0432 chapter 16, RM0385 11): edges of pins, and by software."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.bus import Bus
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.line_groups import LineGroups

_IMR, _RTSR, _FTSR, _SWIER, _PR = 0x00, 0x08, 0x0C, 0x10, 0x14


class ExternalInterrupts(RegisterBlock):
    """Lines 0 to 15 follow pins; the others are pended by software alone."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Connect the lines.

        Options: `banks`, offset of each set of registers for 32 lines; `select_at`, address of SYSCFG_EXTICR1.
        Interrupts: by line, such as "0", or lines, such as "5-9".
        """
        super().__init__(entry.name, entry.origin, entry.size)
        self._banks: Final = tuple(int(bank) for bank in entry.options.get("banks", (0,)))
        self._select_at: Final = int(entry.options["select_at"])
        self._bus: Final[Bus] = connections.bus
        self._lines: Final = LineGroups(connections.interrupts, entry.interrupts)
        connections.pins.listen(self._edge)

    def reset(self) -> None:
        """All masked, nothing pending."""
        super().reset()
        self._drive()

    def write(self, offset: int, value: int) -> None:
        """PR is cleared by ones, SWIER pends by ones."""
        bank = max(bank for bank in self._banks if bank <= offset)
        register = offset - bank
        if register == _PR:
            super().write(offset, self.stored(offset) & ~value)
            super().write(bank + _SWIER, self.stored(bank + _SWIER) & ~value)
        elif register == _SWIER:
            rising = value & ~self.stored(offset)
            super().write(offset, value)
            super().write(bank + _PR, self.stored(bank + _PR) | rising & self.stored(bank + _IMR))
        else:
            super().write(offset, value)
        self._drive()

    def _edge(self, port: int, pin: int, level: bool) -> None:
        selection = self._bus.load(self._select_at + 4 * (pin // 4), 4) >> 4 * (pin % 4) & 0xF
        if port == selection and self.stored(_RTSR if level else _FTSR) >> pin & 1:
            super().write(_PR, self.stored(_PR) | 1 << pin)
            self._drive()

    def _drive(self) -> None:
        raised = 0
        for index, bank in enumerate(self._banks):
            raised |= (self.stored(bank + _PR) & self.stored(bank + _IMR)) << 32 * index
        self._lines.drive(raised)


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `banks`, `select_at`."""
    return ExternalInterrupts(connections, entry)
