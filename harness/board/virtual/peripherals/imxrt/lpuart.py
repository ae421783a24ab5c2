"""LPUART (RM: low power universal asynchronous receiver/transmitter), with its FIFOs."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.stm32.uart import IDLE, ORE, RXNE, TC, TXE, Uart

_VERID, _PARAM, _GLOBAL, _BAUD, _STAT, _CTRL, _DATA, _FIFO, _WATER, _END = (
    0x00, 0x04, 0x08, 0x10, 0x14, 0x18, 0x1C, 0x28, 0x2C, 0x30,
)  # fmt: skip
_RESET, _TWO_STOP_BITS, _TEN_BITS, _NINE_BITS, _SEVEN_BITS = 1 << 1, 1 << 13, 1 << 29, 1 << 4, 1 << 11
_UPPER: Final = 16
_OR, _IDLE, _RDRF, _TC, _TDRE = (flag << _UPPER for flag in (ORE, IDLE, RXNE, TC, TXE))
_ORIE, _FLAG_INTERRUPTS = 1 << 27, _IDLE | _RDRF | _TC | _TDRE
_STAT_SETTINGS: Final = 0x3E00_0000
"""LBKDE, BRK13, RWUID, RXINV, MSBF."""
_NOTHING_RECEIVED = 1 << 12
_RXFE, _TXFE, _RXFLUSH, _TXFLUSH, _RXEMPT, _TXEMPT = 1 << 3, 1 << 7, 1 << 14, 1 << 15, 1 << 22, 1 << 23
_FIFO_DEPTH: Final = 4
"""PARAM."""


class Lpuart(Uart):
    """One port, without DMA.

    The upper halves of STAT and CTRL have their flags, enables and switches in the order that `Uart` knows.
    """

    control1, control2, control3, enable = _CTRL + 2, _END, _END, 0

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Connect it to its interrupt and the wire."""
        super().__init__(connections, entry)
        self._reset_values = {_VERID: 0x0401_0003, _PARAM: 0x0202, _BAUD: 0x0F00_0004, _FIFO: 0x00C0_0011}

    def stored(self, offset: int) -> int:
        """What the register holds, or its upper half."""
        return super().stored(offset & ~3) >> 8 * (offset & 3)

    def read(self, offset: int) -> int:
        """Storage; STAT, DATA, FIFO and WATER show the line."""
        if offset == _STAT:
            return self.poll()
        if offset == _WATER:
            self.poll()
            return self.stored(_WATER) & 0x0003_0003 | len(self.received) << 24 | self._waiting() << 8
        if offset == _FIFO:
            self.poll()
            received = 0 if len(self.received) else _RXEMPT
            return self.stored(_FIFO) & 0xFFFF | received | (0 if self._waiting() else _TXEMPT)
        if offset == _DATA:
            self.catch_up()
            return self.receive() if len(self.received) else _NOTHING_RECEIVED
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; DATA sends, ones clear flags of STAT."""
        if offset == _DATA:
            self.transmit(value)
        elif offset == _STAT:
            self._clear(value)
        elif offset == _GLOBAL:
            if value & _RESET:
                self.reset()
        else:
            super().write(offset, value)
            self.configured()

    def configured(self) -> None:
        """Take the FIFOs' depths, and empty them on request."""
        fifo = self.stored(_FIFO)
        if fifo & _RXFLUSH:
            self.received.clear()
        if fifo & _TXFLUSH:
            self.transmitter.flush()
        self._values[_FIFO] = fifo & ~(_RXFLUSH | _TXFLUSH)
        self.received.capacity = _FIFO_DEPTH if fifo & _RXFE else 1
        self.transmitter.capacity = _FIFO_DEPTH if fifo & _TXFE else 1
        super().configured()

    def divider(self) -> tuple[int, int]:
        """SBR, and OSR + 1 samples a bit; below 3, OSR is taken for 15."""
        baud = self.stored(_BAUD)
        oversampling = baud >> 24 & 0x1F
        return (baud & 0x1FFF) * (oversampling + 1 if oversampling >= 3 else 16), 1

    def data_bits(self) -> int:
        """With a second stop bit, where there is one."""
        baud, control = self.stored(_BAUD), self.stored(_CTRL)
        bits = 10 if baud & _TEN_BITS else 7 if control & _SEVEN_BITS else 9 if control & _NINE_BITS else 8
        return bits + bool(baud & _TWO_STOP_BITS)

    def status(self) -> int:
        """STAT."""
        received, water = self.received, self.stored(_WATER)
        flags = (_OR if received.overrun else 0) | (_IDLE if received.idle else 0)
        flags |= _RDRF if len(received) > (water >> 16 & 3) else 0
        flags |= (_TC if self.all_sent() else 0) | (_TDRE if self._has_room() else 0)
        return flags | self.stored(_STAT)

    def interrupted(self) -> bool:
        """The interrupt line is up."""
        enabled, status = self.stored(_CTRL), self.status()
        return bool(enabled & status & _FLAG_INTERRUPTS or (enabled & _ORIE and status & _OR))

    def offer(self) -> None:
        """Native code answers STAT and DATA while a polling firmware receives, and nothing else is going on."""
        if self.polled_reception() and not self.stored(_WATER) >> 16 & 3:
            status = self.status()
            self._line.offer(self, (self.origin + _STAT, self.origin + _DATA), status, status | _RDRF)
        else:
            self._line.withdraw(self)

    def _waiting(self) -> int:
        return self.transmitter.capacity - self.transmitter.room()

    def _has_room(self) -> bool:
        """No more wait than TXWATER, which counts in the FIFO only."""
        if not self.stored(_FIFO) & _TXFE:
            return self.transmitter.has_room()
        return self._waiting() <= self.stored(_WATER) & 3

    def _clear(self, flags: int) -> None:
        self.catch_up()
        self._values[_STAT] = flags & _STAT_SETTINGS
        self.received.overrun = self.received.overrun and not flags & _OR
        self.received.idle = self.received.idle and not flags & _IDLE
        self._waits.interrupted()
        self.update()


def build(connections: Connections, entry: PeripheralEntry) -> Lpuart:
    """Make a port."""
    return Lpuart(connections, entry)
