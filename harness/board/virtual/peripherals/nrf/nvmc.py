"""NVMC (PS 7.20): writes words to flash, and erases pages by a write of ones to their first word."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock

_READY, _READYNEXT, _CONFIG, _ERASEALL = 0x400, 0x408, 0x504, 0x50C
_WRITE, _ERASE = 1, 2
_PAGE: Final = 4096
_ONES = 0xFFFF_FFFF


class Nvmc(RegisterBlock):
    """Ready at all times; what CONFIG has not announced is dropped."""

    def __init__(self, entry: PeripheralEntry, engine: Engine, flash: MappedMemory) -> None:
        """Control one memory."""
        super().__init__(entry.name, entry.origin, entry.size, {_READY: 1, _READYNEXT: 1})
        self._engine = engine
        self._flash = flash
        engine.write_protected = self.program

    def write(self, offset: int, value: int) -> None:
        """Storage; ERASEALL erases."""
        if offset in (_READY, _READYNEXT):
            return
        super().write(offset, value)
        if offset == _ERASEALL and value & 1 and self.stored(_CONFIG) & 7 == _ERASE:
            self._erase(0, self._flash.size)

    def program(self, address: int, size: int, value: int) -> None:
        """A store to flash by the core or the debugger."""
        if not self._flash.holds(address, size) or size != 4:
            return
        mode, start = self.stored(_CONFIG) & 7, address - self._flash.origin
        if mode == _ERASE and value == _ONES and start % _PAGE == 0:
            self._erase(start, _PAGE)
        elif mode == _WRITE:
            old = int.from_bytes(self._flash.buffer[start : start + 4], "little")
            self._engine.write(address, (old & value).to_bytes(4, "little"))

    def _erase(self, start: int, size: int) -> None:
        self._engine.write(self._flash.origin + start, b"\xff" * size)


def build(connections: Connections, entry: PeripheralEntry) -> Nvmc:
    """Make the controller of the flash that firmware is linked to."""
    return Nvmc(entry, connections.engine, connections.flash)
