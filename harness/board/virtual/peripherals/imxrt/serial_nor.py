"""A serial NOR flash as its controller sees it: commands of one opcode, those that such parts share."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.engine import Engine, MappedMemory

WRITE_ENABLE, WRITE_DISABLE, READ_STATUS, WRITE_STATUS, READ_ID = 0x06, 0x04, 0x05, 0x01, 0x9F
_PROGRAM: Final = (0x02, 0x32, 0x38)
_READ: Final = (0x03, 0x0B, 0x6B, 0xEB)
_ERASE: Final = {0x20: 4 << 10, 0xD7: 4 << 10, 0x52: 32 << 10, 0xD8: 64 << 10}
"""Bytes by opcode."""
_ERASE_CHIP: Final = (0xC7, 0x60)
_OTHERS: Final = (0x66, 0x99, 0xB9, 0xAB, 0x35, 0xF5, 0xC0, 0x63, 0x65, 0x85, 0x30)
"""Reset, power down, QPI, read parameters, suspend: accepted, without effect."""
_WRITE_ENABLED, _STATUS_SETTINGS = 1 << 1, 0xFC
_IDENTITY: Final = bytes((0x9D, 0x70, 0x18))
"""ISSI, IS25WP, 128 Mbit; from memory, not compared with the datasheet."""
PAGE: Final = 256


class SerialNor:
    """Erases and programs at once; it is never busy."""

    def __init__(self, engine: Engine, memory: MappedMemory) -> None:
        """Keep its bytes in this memory, which only commands change."""
        self._engine: Final = engine
        self._memory: Final = memory
        self._status = 0

    def command(self, opcode: int, address: int, data: bytes, size: int) -> bytes | None:
        """Carry out one command with the `data` behind it; its answer of at most `size` bytes, None if unknown."""
        address %= self._memory.size
        if opcode == READ_STATUS:
            return bytes((self._status,)) * size
        if opcode == READ_ID:
            return _IDENTITY[:size]
        if opcode in _READ:
            return bytes(self._memory.buffer[address : address + size])
        if opcode in (WRITE_ENABLE, WRITE_DISABLE):
            self._status = self._status & ~_WRITE_ENABLED | (_WRITE_ENABLED if opcode == WRITE_ENABLE else 0)
            return b""
        if opcode in (*_PROGRAM, *_ERASE, *_ERASE_CHIP, WRITE_STATUS):
            if self._status & _WRITE_ENABLED:
                self._change(opcode, address, data)
            self._status &= ~_WRITE_ENABLED
            return b""
        return b"" if opcode in _OTHERS else None

    def _change(self, opcode: int, address: int, data: bytes) -> None:
        if opcode == WRITE_STATUS:
            self._status = self._status & ~_STATUS_SETTINGS | (data[0] & _STATUS_SETTINGS if data else 0)
        elif opcode in _PROGRAM:
            # Of more than a page, it keeps the last.
            self._program(address + max(0, len(data) - PAGE), data[-PAGE:])
        elif opcode in _ERASE:
            size = _ERASE[opcode]
            self._engine.write(self._memory.origin + address // size * size, b"\xff" * size)
        else:
            self._engine.write(self._memory.origin, b"\xff" * self._memory.size)

    def _program(self, address: int, data: bytes) -> None:
        """Ones turn to zeros; what goes beyond the page goes to its beginning."""
        page, start = address // PAGE * PAGE, address % PAGE
        content = bytearray(self._memory.buffer[page : page + PAGE])
        for index, byte in enumerate(data, start):
            content[index % PAGE] &= byte
        self._engine.write(self._memory.origin + page, bytes(content))
