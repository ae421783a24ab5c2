"""GPIO ports (PS 7.11): levels that the chip drives, and those on its inputs."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.pins import Pins

_OUT, _OUTSET, _OUTCLR, _IN, _DIR, _DIRSET, _DIRCLR, _PIN_CNF = 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x200
_PIN_COUNT, _ALL = 32, 0xFFFF_FFFF


class Gpio(RegisterBlock):
    """One port of 32 pins; inputs read high, as pulled up, until a level is put on them from outside."""

    def __init__(self, entry: PeripheralEntry, pins: Pins) -> None:
        """Add the port to the chip's pins."""
        super().__init__(entry.name, entry.origin, entry.size)
        self._pins = pins
        self._levels = 0
        self._inputs = _ALL
        pins.add_port(entry.name, self._put)

    def reset(self) -> None:
        """All pins inputs; what was driven high falls."""
        super().reset()
        self._drive()

    def read(self, offset: int) -> int:
        """Storage; the set and clear registers read as what they change."""
        if offset in (_OUTSET, _OUTCLR):
            return self.stored(_OUT)
        if offset in (_DIRSET, _DIRCLR):
            return self.stored(_DIR)
        if offset == _IN:
            outputs = self.stored(_DIR)
            return (self.stored(_OUT) & outputs) | (self._inputs & ~outputs & _ALL)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; set and clear registers change OUT and DIR, and bit 0 of PIN_CNF is the pin's in DIR."""
        if offset in (_OUTSET, _DIRSET):
            super().write(offset - 4, self.stored(offset - 4) | value)
        elif offset in (_OUTCLR, _DIRCLR):
            super().write(offset - 8, self.stored(offset - 8) & ~value)
        elif offset != _IN:
            super().write(offset, value)
        if _PIN_CNF <= offset < _PIN_CNF + 4 * _PIN_COUNT:
            pin = (offset - _PIN_CNF) // 4
            super().write(_DIR, self.stored(_DIR) & ~(1 << pin) | (value & 1) << pin)
        self._drive()

    def _put(self, pin: int, level: bool) -> None:
        self._inputs = self._inputs & ~(1 << pin) | level << pin

    def _drive(self) -> None:
        levels = self.stored(_OUT) & self.stored(_DIR)
        changed, self._levels = levels ^ self._levels, levels
        for pin in range(_PIN_COUNT):
            if changed >> pin & 1:
                self._pins.driven(self.name, pin, bool(levels >> pin & 1))


def build(connections: Connections, entry: PeripheralEntry) -> Gpio:
    """Make a port."""
    return Gpio(entry, connections.pins)
