"""External interrupts with a register for each edge: STM32 G0, L5, U5 (RM0444 chapter 13, RM0456 23)."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.line_groups import LineGroups

_RTSR, _FTSR, _SWIER, _RPR, _FPR, _EXTICR, _IMR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x60, 0x80


class ExternalInterruptsV2(RegisterBlock):
    """Lines 0 to 15 follow pins; the others are storage: what wakes by them interrupts by itself."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Connect the lines. Interrupts: by line, such as "0", or lines, such as "4-15"."""
        super().__init__(entry.name, entry.origin, entry.size, {_IMR: 0xFFFF_0000})
        self._lines: Final = LineGroups(connections.interrupts, entry.interrupts)
        connections.pins.listen(self._edge)

    def reset(self) -> None:
        """All pins masked, nothing pending."""
        super().reset()
        self._drive()

    def write(self, offset: int, value: int) -> None:
        """RPR and FPR are cleared by ones, SWIER pends by ones, and reads as 0."""
        if offset in (_RPR, _FPR):
            super().write(offset, self.stored(offset) & ~value)
        elif offset == _SWIER:
            super().write(_RPR, self.stored(_RPR) | value & 0xFFFF)
        else:
            super().write(offset, value)
        self._drive()

    def _edge(self, port: int, pin: int, level: bool) -> None:
        selection = self.stored(_EXTICR + 4 * (pin // 4)) >> 8 * (pin % 4) & 0xFF
        trigger, pending = (_RTSR, _RPR) if level else (_FTSR, _FPR)
        if port == selection and self.stored(trigger) >> pin & 1:
            super().write(pending, self.stored(pending) | 1 << pin)
            self._drive()

    def _drive(self) -> None:
        self._lines.drive((self.stored(_RPR) | self.stored(_FPR)) & self.stored(_IMR))


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """No options."""
    return ExternalInterruptsV2(connections, entry)
