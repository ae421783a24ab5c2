"""FlexSPI (RM: flexible serial peripheral interface): commands to the serial NOR flash that it is connected to.

What the core reads through the AHB window comes from the memory itself, whatever the look-up table says.
"""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.imxrt.serial_nor import SerialNor
from harness.board.virtual.peripherals.register_block import RegisterBlock

_MCR0, _INTEN, _INTR, _LUTKEY, _LUTCR = 0x00, 0x10, 0x14, 0x18, 0x1C
_IPCR0, _IPCR1, _IPCMD, _IPRXFCR, _IPTXFCR = 0xA0, 0xA4, 0xB0, 0xB8, 0xBC
_STS0, _STS1, _IPRXFSTS, _IPTXFSTS, _RFDR, _TFDR, _LUT = 0xE0, 0xE4, 0xF0, 0xF4, 0x100, 0x180, 0x200
_WINDOW, _LUT_BYTES = 0x80, 0x100
_SWRESET, _MDIS = 1 << 0, 1 << 1
_DONE, _ERROR, _RX_AVAILABLE, _TX_EMPTY = 1 << 0, 1 << 3, 1 << 5, 1 << 6
_IDLE: Final = 3
"""SEQIDLE and ARBIDLE."""
KEY: Final = 0x5AF0_5AF0
_LOCK, _UNLOCK = 1, 2
_UNKNOWN_OPCODE: Final = 3
"""STS1.IPCMDERRCODE."""
_STOP, _COMMAND, _ADDRESS, _WRITE, _READ, _DDR = 0x00, 0x01, 0x02, 0x08, 0x09, 0x20
_RESET_VALUES: Final = {
    0x00: 0xFFFF_80C2, 0x04: 0xFFFF_FFFF, 0x08: 0x2000_81F7, 0x0C: 0x18, 0x18: KEY, 0x1C: _UNLOCK,
    0x60: 0x0001_0000, 0x64: 0x0001_0000, 0x68: 0x0001_0000, 0x6C: 0x0001_0000, 0x70: 0x63, 0x74: 0x63, 0x78: 0x63,
    0x7C: 0x63, 0x94: 0xC3, 0xC0: 0x100, 0xC4: 0x100, 0xE8: 0x0100_0100,
}  # fmt: skip


class FlexSpi(RegisterBlock):
    """Carries out a sequence of the look-up table as soon as IPCMD starts it and its data are there, in no time."""

    def __init__(self, connections: Connections, entry: PeripheralEntry, flash: SerialNor | None) -> None:
        """Drive `flash`; without one, commands go nowhere and reads give zeros."""
        super().__init__(entry.name, entry.origin, entry.size, _RESET_VALUES)
        self._flash: Final = flash
        self._interrupt: Final = connections.interrupts.line(entry.interrupts.get("", 0))
        self._received = self._sending = b""
        self._awaited = 0

    def reset(self) -> None:
        """Disabled, FIFOs empty."""
        super().reset()
        self._received = self._sending = b""
        self._awaited = 0
        self._update()

    def read(self, offset: int) -> int:
        """Storage; the state of the command that was started, and what it read."""
        if offset == _INTR:
            return self._flags()
        if offset == _STS0:
            return _IDLE
        if offset == _IPRXFSTS:
            return -(-len(self._received) // 8)
        if offset == _IPTXFSTS:
            return len(self._sending) // 8
        if _RFDR <= offset < _RFDR + _WINDOW:
            start = offset - _RFDR
            return int.from_bytes(self._received[start : start + 4], "little")
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; IPCMD starts a command, ones clear flags of INTR, and move the FIFOs on."""
        if offset == _MCR0:
            super().write(offset, value & ~_SWRESET)
            if value & _SWRESET:
                self._received = self._sending = b""
                self._awaited = 0
        elif offset == _INTR:
            self._clear(value)
        elif offset == _IPCMD:
            if value & 1 and not self.stored(_MCR0) & _MDIS:
                self._start()
        elif offset == _LUTCR:
            if self.stored(_LUTKEY) == KEY and value & (_LOCK | _UNLOCK):
                super().write(offset, value)
        elif _LUT <= offset < _LUT + _LUT_BYTES:
            if not self.stored(_LUTCR) & _LOCK:
                super().write(offset, value)
        elif offset not in (_STS0, _STS1, _IPRXFSTS, _IPTXFSTS):
            super().write(offset, value)
            self._configured(offset, value)
        self._update()

    def _configured(self, offset: int, value: int) -> None:
        """The bits that empty FIFOs read as zeros."""
        if offset == _IPRXFCR and value & 1:
            self._received = b""
        elif offset == _IPTXFCR and value & 1:
            self._sending = b""
        if offset in (_IPRXFCR, _IPTXFCR):
            self._values[offset] = value & ~1

    def _flags(self) -> int:
        # A command under way sends on what comes, and has room for more.
        room = _TX_EMPTY if self._awaited or len(self._sending) < _WINDOW else 0
        enough = len(self._received) >= self._watermark(_IPRXFCR)
        return self.stored(_INTR) | room | (_RX_AVAILABLE if enough else 0)

    def _watermark(self, register: int) -> int:
        """In bytes."""
        return 8 * ((self.stored(register) >> 2 & 0x1F) + 1)

    def _clear(self, flags: int) -> None:
        """IPRXWA gives room for what comes behind, and IPTXWE takes what was written to TFDR, a watermark's bytes."""
        super().write(_INTR, self.stored(_INTR) & ~flags)
        if flags & _RX_AVAILABLE:
            self._received = self._received[self._watermark(_IPRXFCR) :]
        if flags & _TX_EMPTY:
            words = range(_TFDR, _TFDR + min(self._watermark(_IPTXFCR), _WINDOW), 4)
            self._sending += b"".join(self.stored(word).to_bytes(4, "little") for word in words)
            if self._awaited and len(self._sending) >= self._awaited:
                self._finish()

    def _start(self) -> None:
        steps = self._sequence()
        size = self.stored(_IPCR1) & 0xFFFF
        opcodes = [operand for step, operand in steps if step == _COMMAND]
        if not opcodes:
            self._fail()
        elif any(step == _WRITE for step, _ in steps) and len(self._sending) < size:
            self._awaited = size
        else:
            self._finish()

    def _finish(self) -> None:
        """All that is sent is there."""
        steps, size = self._sequence(), self.stored(_IPCR1) & 0xFFFF
        kinds = {step for step, _ in steps}
        data = self._sending[:size] if _WRITE in kinds else b""
        self._sending, self._awaited = b"", 0
        opcode = next(operand for step, operand in steps if step == _COMMAND)
        if self._flash is None:
            answer: bytes | None = b""
        else:
            answer = self._flash.command(opcode, self.stored(_IPCR0) if _ADDRESS in kinds else 0, data, size)
        if answer is None:
            self._fail()
            return
        if _READ in kinds:
            self._received += answer.ljust(size, b"\0")
        self._values[_INTR] = self.stored(_INTR) | _DONE

    def _fail(self) -> None:
        self._values[_INTR] = self.stored(_INTR) | _DONE | _ERROR
        self._values[_STS1] = _UNKNOWN_OPCODE << 24 | (self.stored(_IPCR1) >> 16 & 0xF) << 16

    def _sequence(self) -> list[tuple[int, int]]:
        """(instruction, operand) of the chosen sequence up to STOP; what is sent at double rate counts as the same."""
        base = _LUT + 16 * (self.stored(_IPCR1) >> 16 & 0xF)
        halves = [self.stored(base + 4 * (index // 2)) >> 16 * (index % 2) & 0xFFFF for index in range(8)]
        steps = [(half >> 10 & ~_DDR, half & 0xFF) for half in halves]
        return steps[: next((index for index, (step, _) in enumerate(steps) if step == _STOP), len(steps))]

    def _update(self) -> None:
        self._interrupt.drive(bool(self._flags() & self.stored(_INTEN)))


def build(connections: Connections, entry: PeripheralEntry) -> FlexSpi:
    """Option `flash`: the memory that firmware is linked to is the flash on its port A1."""
    nor = SerialNor(connections.engine, connections.flash) if entry.options.get("flash") else None
    return FlexSpi(connections, entry, nor)
