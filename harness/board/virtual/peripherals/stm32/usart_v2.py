"""USART and LPUART with ISR, RDR and TDR: STM32 F0, F3, F7, G0, G4, H7, L0, L4, U5, WB (RM0432 50, 51; RM0385 31)."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.uart import IDLE, ORE, RE, RXNE, TC, TE, TXE, Uart

_CR1, _CR2, _CR3, _BRR, _RQR, _ISR, _ICR, _RDR, _TDR, _PRESC = 0x0, 0x4, 0x8, 0xC, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C
_UE, _M0, _OVER8, _M1, _FIFOEN, _TXFEIE, _RXFFIE = 1 << 0, 1 << 12, 1 << 15, 1 << 28, 1 << 29, 1 << 30, 1 << 31
_OVRDIS, _TXFTIE, _RXFTIE = 1 << 12, 1 << 23, 1 << 28
_TXFRQ, _RXFRQ = 1 << 4, 1 << 3
_TEACK, _REACK, _TXFE, _RXFF, _RXFT, _TXFT = 1 << 21, 1 << 22, 1 << 23, 1 << 24, 1 << 26, 1 << 27
_FIFO_DEPTH = 8
_THRESHOLDS = (1, 2, 4, 6, 7, 8, 8, 8)
"""Bytes by RXFTCFG and TXFTCFG: 1/8, 1/4, 1/2, 3/4, 7/8 and all of the FIFO."""
_PRESCALERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)


class UsartV2(Uart):
    """One port; a low-power one divides its clock by BRR/256."""

    control1, control2, control3, enable = _CR1, _CR2, _CR3, _UE

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Options: `low_power`, `fifo` (it has one, and PRESC)."""
        self._low_power: Final = bool(entry.options.get("low_power", False))
        self._has_fifo: Final = bool(entry.options.get("fifo", False))
        super().__init__(connections, entry)

    def read(self, offset: int) -> int:
        """Storage; ISR and RDR show the line."""
        if offset == _ISR:
            return self.poll()
        if offset == _RDR:
            return self.receive()
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; TDR sends, ICR clears flags, RQR throws bytes away."""
        if offset == _TDR:
            self.transmit(value)
        elif offset == _ICR:
            self._clear(value)
        elif offset == _RQR:
            self._request(value)
        elif offset != _ISR:
            super().write(offset, value)
            self.configured()

    def configured(self) -> None:
        """Take the FIFO's depth and OVRDIS too; a disabled UART forgets what it was doing."""
        if not self.stored(_CR1) & _UE:
            self.transmitter.reset()
            self.received.reset()
        self.transmitter.capacity = self.received.capacity = _FIFO_DEPTH if self._fifo() else 1
        self.received.overwrites = bool(self.stored(_CR3) & _OVRDIS)
        super().configured()

    def divider(self) -> tuple[int, int]:
        """BRR, PRESC and OVER8 (RM0432 50.5.7, 51.4.7)."""
        divider = self.stored(_BRR)
        prescaler = _PRESCALERS[min(self.stored(_PRESC) & 0xF, 11)] if self._has_fifo else 1
        if self._low_power:
            return divider * prescaler, 256
        if self.stored(_CR1) & _OVER8:
            return (divider & 0xFFF0 | (divider & 7) << 1) * prescaler, 2
        return divider * prescaler, 1

    def data_bits(self) -> int:
        """7, 8 or 9 by M1 and M0."""
        control = self.stored(_CR1)
        return 7 if control & _M1 else 9 if control & _M0 else 8

    def status(self) -> int:
        """ISR."""
        control, received = self.stored(_CR1), self.received
        if not control & _UE:
            return TXE | TC
        flags = (ORE if received.overrun else 0) | (IDLE if received.idle else 0) | (RXNE if len(received) else 0)
        flags |= (TC if self.all_sent() else 0) | (TXE if self.transmitter.has_room() else 0)
        flags |= (_TEACK if control & TE else 0) | (_REACK if control & RE else 0)
        return flags | self._fifo_flags() if self._fifo() else flags

    def interrupted(self) -> bool:
        """The FIFO's interrupts too."""
        return super().interrupted() or (self._fifo() and self._fifo_interrupted())

    def extra_receive_interrupts(self) -> bool:
        """Those of the FIFO's filling."""
        return self._fifo() and bool(self.stored(_CR1) & _RXFFIE or self.stored(_CR3) & _RXFTIE)

    def sending_matters(self) -> bool:
        """The FIFO's interrupts too."""
        fifo = self._fifo() and (self.stored(_CR1) & _TXFEIE or self.stored(_CR3) & _TXFTIE)
        return bool(fifo) or super().sending_matters()

    def offer(self) -> None:
        """Native code answers ISR and RDR while a polling firmware receives, and nothing else is going on."""
        if self.polled_reception():
            status = self.status()
            self._line.offer(self, (self.origin + _ISR, self.origin + _RDR), status, status | RXNE)
        else:
            self._line.withdraw(self)

    def _fifo(self) -> bool:
        return self._has_fifo and bool(self.stored(_CR1) & _FIFOEN)

    def _fifo_flags(self) -> int:
        control3, count = self.stored(_CR3), len(self.received)
        full = _RXFF if count == _FIFO_DEPTH else 0
        empty = _TXFE if self.transmitter.is_empty() else 0
        received = _RXFT if count >= _THRESHOLDS[control3 >> 25 & 7] else 0
        room = _TXFT if self.transmitter.room() >= _THRESHOLDS[control3 >> 29 & 7] else 0
        return full | empty | received | room

    def _fifo_interrupted(self) -> bool:
        control, control3, flags = self.stored(_CR1), self.stored(_CR3), self._fifo_flags()
        enabled = (_TXFE if control & _TXFEIE else 0) | (_RXFF if control & _RXFFIE else 0)
        enabled |= (_TXFT if control3 & _TXFTIE else 0) | (_RXFT if control3 & _RXFTIE else 0)
        return bool(enabled & flags)

    def _clear(self, flags: int) -> None:
        self.catch_up()
        self.received.overrun = self.received.overrun and not flags & ORE
        self.received.idle = self.received.idle and not flags & IDLE
        self.sent_seen = self.sent_seen and not flags & TC
        self.update()

    def _request(self, value: int) -> None:
        self.catch_up()
        if value & _RXFRQ:
            self.received.clear()
        if value & _TXFRQ:
            self.transmitter.flush()
        self.update()


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `low_power`, `fifo`, and the DMA requests `dma_rx` and `dma_tx`."""
    return UsartV2(connections, entry)
