"""DMA controllers with streams: STM32 F2, F4, F7, H7 (RM0385 chapter 8, RM0386 8, RM0433 15)."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.dma_controller import DmaController
from harness.board.virtual.peripherals.stm32.dma_transfer import Setting

_LISR, _HISR, _LIFCR, _HIFCR = 0x00, 0x04, 0x08, 0x0C
_STREAMS = 8
_CR, _NDTR, _PAR, _M0AR, _M1AR = 0x00, 0x04, 0x08, 0x0C, 0x10
_EN, _TEIE, _HTIE, _TCIE, _CIRC, _PINC, _MINC, _DBM, _CT = (1 << bit for bit in (0, 2, 3, 4, 8, 9, 10, 18, 19))
_TEIF, _HTIF, _TCIF = 1 << 3, 1 << 4, 1 << 5
_FLAGS_OF_ENABLES = 1
"""The flags TEIF, HTIF and TCIF lie one bit above the enables TEIE, HTIE and TCIE."""
_SHIFTS = (0, 6, 16, 22)
_FROM_MEMORY, _BETWEEN_MEMORIES = 1, 2


class DmaStreams(DmaController):
    """Streams 0 to 7.

    Requests are selected by CHSEL, and their keys are (controller, stream, selection), or they come from a DMAMUX with
    the option `selects: false`. The FIFO passes everything on at once; sizes of memory accesses do not matter then.
    """

    first_register, stride = 0x10, 0x18

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Option: `selects`."""
        super().__init__(connections, entry, _STREAMS)
        self._selects: Final = bool(entry.options.get("selects", True))

    def read(self, offset: int) -> int:
        """Storage; NDTR counts down."""
        if offset in (_LISR, _HISR):
            return self._look(offset)
        index, register = self._place(offset)
        if register == _NDTR and index is not None and self._transfers[index].setting:
            return self._transfers[index].remaining
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Enable and disable streams, clear flags."""
        self._waits.interrupted()
        if offset in (_LIFCR, _HIFCR):
            status = offset - _LIFCR
            super().write(status, self.stored(status) & ~value)
            for stream in range(_STREAMS):
                self._drive(stream)
        elif offset not in (_LISR, _HISR):
            index, register = self._place(offset)
            was_enabled = bool(self.stored(offset) & _EN)
            super().write(offset, value)
            if register == _CR and index is not None:
                self._switch(index, value, was_enabled)

    def _switch(self, index: int, control: int, was_enabled: bool) -> None:
        transfer = self._transfers[index]
        if self._selects:
            self._requests.route((self.name, index), (self.name, index, control >> 25 & 0xF))
        if control & _EN and not was_enabled:
            transfer.start(self._setting(index, control))
        elif was_enabled and not control & _EN:
            # A stream that firmware stops raises TCIF (RM0385 8.3.13).
            super().write(self._register(index, _NDTR), transfer.remaining)
            transfer.stop()
            self._progress(index, False, True, False)
        self._drive(index)

    def _setting(self, index: int, control: int) -> Setting:
        count, peripheral, memory = (
            self.stored(self._register(index, register))
            for register in (_NDTR, _PAR, _M1AR if control & _DBM and control & _CT else _M0AR)
        )
        size, direction = 1 << (control >> 11 & 3), control >> 6 & 3
        ends = (peripheral, size if control & _PINC else 0), (memory, size if control & _MINC else 0)
        source, destination = reversed(ends) if direction == _FROM_MEMORY else ends
        return Setting(
            source=source[0],
            destination=destination[0],
            source_size=size,
            destination_size=size,
            source_step=source[1],
            destination_step=destination[1],
            count=count & 0xFFFF,
            circular=bool(control & (_CIRC | _DBM)),
            by_request=direction != _BETWEEN_MEMORIES,
        )

    def _progress(self, index: int, half: bool, done: bool, failed: bool) -> None:
        flags = (_HTIF if half else 0) | (_TCIF if done else 0) | (_TEIF if failed else 0)
        status, shift = self._status(index)
        super().write(status, self.stored(status) | flags << shift)
        transfer, register = self._transfers[index], self._register(index, _CR)
        control = self.stored(register)
        if failed or (done and not control & (_CIRC | _DBM)):
            transfer.stop()
            super().write(register, control & ~_EN)
            super().write(self._register(index, _NDTR), transfer.remaining)
        elif done and control & _DBM and transfer.setting:
            super().write(register, control ^ _CT)
            transfer.redirect(self._setting(index, control ^ _CT))
        self._drive(index)

    def _drive(self, index: int) -> None:
        status, shift = self._status(index)
        enabled = self.stored(self._register(index, _CR)) & (_TCIE | _HTIE | _TEIE)
        self._lines[index].drive(bool(enabled << _FLAGS_OF_ENABLES & self.stored(status) >> shift))

    @staticmethod
    def _status(index: int) -> tuple[int, int]:
        return (_LISR if index < 4 else _HISR), _SHIFTS[index % 4]


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option: `selects`."""
    return DmaStreams(connections, entry)
