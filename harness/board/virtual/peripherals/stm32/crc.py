"""The CRC calculation unit (RM0432 chapter 16, RM0385 12; RM0386 4, where polynomial and size are fixed)."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock

_DR, _CR, _INIT, _POL = 0x00, 0x08, 0x10, 0x14
_RESET, _REV_OUT = 1 << 0, 1 << 7
_SIZES = (32, 16, 8, 7)
_ETHERNET = 0x04C1_1DB7
_ONES = 0xFFFF_FFFF


class CrcUnit(RegisterBlock):
    """Divides what is written to DR, most significant bit first, by 8, 16 or 32 bits at a time."""

    def __init__(self, entry: PeripheralEntry) -> None:
        """Make the unit."""
        super().__init__(entry.name, entry.origin, entry.size, {_INIT: _ONES, _POL: _ETHERNET})
        self._remainder = _ONES

    def reset(self) -> None:
        """Ready for the Ethernet polynomial."""
        super().reset()
        self._remainder = _ONES

    def read(self, offset: int) -> int:
        """DR: the remainder, reversed if so wanted."""
        if offset != _DR:
            return super().read(offset)
        size = self._size()
        value = self._remainder & (1 << size) - 1
        return _reversed(value, size) if self.stored(_CR) & _REV_OUT else value

    def write(self, offset: int, value: int) -> None:
        """A word of data, or set-up."""
        if offset == _DR:
            self._divide(value, 32)
        elif offset == _CR:
            super().write(_CR, value & ~_RESET)
            if value & _RESET:
                self._remainder = self.stored(_INIT)
        else:
            super().write(offset, value)
            if offset == _INIT:
                self._remainder = value

    def write_narrow(self, offset: int, size: int, value: int) -> None:
        """A byte or half-word of data."""
        if offset == _DR:
            self._divide(value, 8 * size)
        else:
            super().write_narrow(offset, size, value)

    def _size(self) -> int:
        return _SIZES[self.stored(_CR) >> 3 & 3]

    def _divide(self, data: int, bits: int) -> None:
        # REV_IN reverses within bytes, half-words or words, but nothing wider than the access.
        unit = (0, 8, 16, 32)[self.stored(_CR) >> 5 & 3]
        unit = min(unit, bits)
        if unit:
            parts = range(0, bits, unit)
            data = sum(_reversed(data >> part & (1 << unit) - 1, unit) << part for part in parts)
        size, polynomial = self._size(), self.stored(_POL)
        mask, top = (1 << size) - 1, 1 << size - 1
        remainder = self._remainder & mask
        for bit in range(bits - 1, -1, -1):
            carry = bool(remainder & top) ^ bool(data >> bit & 1)
            remainder = (remainder << 1 ^ (polynomial if carry else 0)) & mask
        self._remainder = remainder


def _reversed(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


def build(_connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """No options."""
    return CrcUnit(entry)
