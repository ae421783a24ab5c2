"""GPIO (RM: general purpose input and output): levels that the chip drives, those on its inputs, their interrupts."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock

_DR, _GDIR, _PSR, _ICR1, _IMR, _ISR, _EDGE_SEL = 0x00, 0x04, 0x08, 0x0C, 0x14, 0x18, 0x1C
_DR_SET, _DR_CLEAR, _DR_TOGGLE = 0x84, 0x88, 0x8C
_LOW_LEVEL, _HIGH_LEVEL, _RISING, _FALLING = range(4)
_PIN_COUNT, _ALL = 32, 0xFFFF_FFFF


class Gpio(RegisterBlock):
    """One port of 32 pins; inputs read high, as pulled up, until a level is put on them from outside."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Add the port to the chip's pins; interrupts `low` and `high` are those of pins 0 to 15 and 16 to 31."""
        super().__init__(entry.name, entry.origin, entry.size)
        self._pins: Final = connections.pins
        halves = (("low", 0x0000_FFFF), ("high", 0xFFFF_0000), ("", _ALL))
        self._interrupts: Final = [
            (mask, connections.interrupts.line(entry.interrupts[name]))
            for name, mask in halves
            if name in entry.interrupts
        ]
        self._levels = 0
        self._inputs = _ALL
        self._pins.add_port(entry.name, self._put)

    def reset(self) -> None:
        """All pins inputs; what was driven high falls."""
        super().reset()
        self._drive()
        self._interrupt()

    def read(self, offset: int) -> int:
        """Storage; PSR shows the pins, and DR what outputs drive and inputs see."""
        if offset == _PSR:
            return self._seen()
        if offset in (_DR, _DR_SET, _DR_CLEAR, _DR_TOGGLE):
            outputs = self.stored(_GDIR)
            return self.stored(_DR) & outputs | self._seen() & ~outputs
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; ones in DR_SET, DR_CLEAR and DR_TOGGLE change DR, and ones clear flags of ISR."""
        old = self.stored(_DR)
        if offset == _DR_SET:
            super().write(_DR, old | value)
        elif offset == _DR_CLEAR:
            super().write(_DR, old & ~value)
        elif offset == _DR_TOGGLE:
            super().write(_DR, old ^ value)
        elif offset == _ISR:
            super().write(_ISR, self.stored(_ISR) & ~value)
        elif offset != _PSR:
            super().write(offset, value)
        self._drive()
        self._interrupt()

    def _seen(self) -> int:
        outputs = self.stored(_GDIR)
        return self._levels | self._inputs & ~outputs & _ALL

    def _put(self, pin: int, level: bool) -> None:
        self._inputs = self._inputs & ~(1 << pin) | level << pin
        if self.stored(_EDGE_SEL) >> pin & 1 or self._condition(pin) == (_RISING if level else _FALLING):
            super().write(_ISR, self.stored(_ISR) | 1 << pin)
        self._interrupt()

    def _condition(self, pin: int) -> int:
        """ICR1 has that of the lower pins, ICR2 that of the upper."""
        return self.stored(_ICR1 + 4 * (pin // 16)) >> 2 * (pin % 16) & 3

    def _interrupt(self) -> None:
        """Flags of levels come back while the level is there."""
        enabled, seen = self.stored(_IMR), self._seen()
        for pin in range(_PIN_COUNT):
            by_level = self._condition(pin) == (_HIGH_LEVEL if seen >> pin & 1 else _LOW_LEVEL)
            if enabled >> pin & 1 and by_level and not self.stored(_EDGE_SEL) >> pin & 1:
                super().write(_ISR, self.stored(_ISR) | 1 << pin)
        for mask, line in self._interrupts:
            line.drive(bool(self.stored(_ISR) & enabled & mask))

    def _drive(self) -> None:
        levels = self.stored(_DR) & self.stored(_GDIR)
        changed, self._levels = levels ^ self._levels, levels
        for pin in range(_PIN_COUNT):
            if changed >> pin & 1:
                self._pins.driven(self.name, pin, bool(levels >> pin & 1))


def build(connections: Connections, entry: PeripheralEntry) -> Gpio:
    """Make a port."""
    return Gpio(connections, entry)
