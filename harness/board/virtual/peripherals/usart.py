"""USART and LPUART as of STM32L4 and F7 ("v2": ISR, RDR, TDR; RM0432 chapters 50, 51, RM0385 31)."""

from __future__ import annotations

from typing import Protocol

from harness.board.virtual.peripherals.register_block import RegisterBlock

_CR1, _RQR, _ISR, _ICR, _RDR, _TDR = 0x00, 0x18, 0x1C, 0x20, 0x24, 0x28
_ENABLED, _RECEIVES, _TRANSMITS = 1 << 0, 1 << 2, 1 << 3
_RXNE, _TC, _TXE, _TEACK, _REACK = 1 << 5, 1 << 6, 1 << 7, 1 << 21, 1 << 22
_FLUSH_RECEIVED = 1 << 3


class SerialLine(Protocol):
    """The other end of the wire, in virtual time."""

    def listen(self, status_address: int, data_address: int, ready_status: int) -> None:
        """The registers by which firmware receives, and what the first reads when a byte is there; 0: receiver off."""

    def has_byte(self) -> bool:
        """A byte has arrived by now."""

    def poll(self) -> bool:
        """The same, asked by firmware that may be waiting for it."""

    def take(self) -> int:
        """The byte that has arrived."""

    def send(self, byte: int) -> None:
        """A byte for the host."""


class Usart(RegisterBlock):
    """Transmits at once; receives from its line, or nothing where there is none."""

    def __init__(self, name: str, origin: int, interrupt: int, line: SerialLine | None = None) -> None:
        """Make a USART; `interrupt` is its number in the NVIC."""
        super().__init__(name, origin)
        self._interrupt = interrupt
        self._line = line

    def receives(self) -> bool:
        """The receiver is on."""
        control = self.stored(_CR1)
        return self._line is not None and control & (_ENABLED | _RECEIVES) == _ENABLED | _RECEIVES

    def interrupt_driven(self) -> bool:
        """The firmware has a received byte raise an interrupt."""
        return self.receives() and bool(self.stored(_CR1) & _RXNE)

    def pending_interrupt(self) -> int | None:
        """The interrupt that it holds up, if it does: RXNE, TC or TXE, whose bits are the same in CR1 and ISR."""
        control = self.stored(_CR1)
        if not control & _ENABLED or not control & (_RXNE | _TC | _TXE):
            return None
        raised = control & (_TC | _TXE) or (control & _RXNE and self._line is not None and self._line.has_byte())
        return self._interrupt if raised else None

    def read(self, offset: int) -> int:
        """Storage; ISR and RDR show the line."""
        if offset == _ISR:
            ready = self._ready()
            return ready | _RXNE if ready & _REACK and self._line is not None and self._line.poll() else ready
        if offset == _RDR:
            return self._line.take() if self._line is not None and self._line.has_byte() else 0
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; TDR sends, RQR can throw away a received byte."""
        if offset == _TDR:
            if self._line is not None and self.stored(_CR1) & (_ENABLED | _TRANSMITS) == _ENABLED | _TRANSMITS:
                self._line.send(value & 0xFF)
        elif offset == _RQR:
            if value & _FLUSH_RECEIVED and self._line is not None and self._line.has_byte():
                self._line.take()
        elif offset != _ICR:
            super().write(offset, value)
            self._listen()

    def reset(self) -> None:
        """Back to the reset values: switched off."""
        super().reset()
        self._listen()

    def _ready(self) -> int:
        """ISR while no byte is there."""
        control = self.stored(_CR1)
        if not control & _ENABLED:
            return _TXE | _TC
        return (control & _TRANSMITS and _TXE | _TC | _TEACK) | (control & _RECEIVES and _REACK)

    def _listen(self) -> None:
        if self._line is not None:
            ready = self._ready() | _RXNE if self.receives() else 0
            self._line.listen(self.origin + _ISR, self.origin + _RDR, ready)
