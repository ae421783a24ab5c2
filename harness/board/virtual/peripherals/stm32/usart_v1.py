"""USART and UART with SR and DR: STM32 F1, F2, F4, L1 (RM0386 chapter 30)."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.uart import IDLE, ORE, RXNE, TC, TXE, Uart

_SR, _DR, _BRR, _CR1, _CR2, _CR3 = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
_M, _UE, _OVER8 = 1 << 12, 1 << 13, 1 << 15
_CLEARED_BY_READING = ORE | IDLE


class UsartV1(Uart):
    """One port. Flags are cleared by reading SR and then DR."""

    control1, control2, control3, enable = _CR1, _CR2, _CR3, _UE

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """See `Uart`."""
        super().__init__(connections, entry)
        self._seen = 0

    def reset(self) -> None:
        """Off."""
        self._seen = 0
        super().reset()

    def read(self, offset: int) -> int:
        """Storage; SR and DR show the line."""
        if offset == _SR:
            self._seen = self.poll()
            return self._seen
        if offset == _DR:
            if self._seen & ORE:
                self.received.overrun = False
            if self._seen & IDLE:
                self.received.idle = False
            self._seen &= ~_CLEARED_BY_READING
            return self.receive()
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; DR sends, zeros in SR clear TC and RXNE."""
        if offset == _DR:
            self.transmit(value)
        elif offset == _SR:
            self.sent_seen = self.sent_seen and bool(value & TC)
            if not value & RXNE:
                self.received.clear()
            self.update()
        else:
            super().write(offset, value)
            self.configured()

    def configured(self) -> None:
        """A disabled UART forgets what it was doing."""
        if not self.stored(_CR1) & _UE:
            self.transmitter.reset()
            self.received.reset()
        super().configured()

    def divider(self) -> tuple[int, int]:
        """BRR: mantissa and fraction in 16ths, or with OVER8 in 8ths (RM0386 30.3.4)."""
        divider = self.stored(_BRR) & 0xFFFF
        if self.stored(_CR1) & _OVER8:
            return (divider >> 4) * 8 + (divider & 7), 1
        return divider, 1

    def data_bits(self) -> int:
        """8 or 9 by M."""
        return 9 if self.stored(_CR1) & _M else 8

    def status(self) -> int:
        """SR."""
        received = self.received
        flags = (ORE if received.overrun else 0) | (IDLE if received.idle else 0) | (RXNE if len(received) else 0)
        return flags | (TC if self.all_sent() else 0) | (TXE if self.transmitter.has_room() else 0)

    def offer(self) -> None:
        """Native code answers SR and DR while a polling firmware receives, and nothing else is going on."""
        if self.polled_reception():
            status = self.status()
            self._line.offer(self, (self.origin + _SR, self.origin + _DR), status, status | RXNE)
        else:
            self._line.withdraw(self)


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: the DMA requests `dma_rx` and `dma_tx`."""
    return UsartV1(connections, entry)
