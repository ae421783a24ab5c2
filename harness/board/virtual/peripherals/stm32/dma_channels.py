"""DMA controllers with channels: STM32 F0, F1, F3, G0, G4, L0, L4 (RM0432 chapter 12, RM0351 11)."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.dma_controller import DmaController
from harness.board.virtual.peripherals.stm32.dma_transfer import Setting

_ISR, _IFCR, _CSELR = 0x00, 0x04, 0xA8
_CCR, _CNDTR, _CPAR, _CMAR = 0x0, 0x4, 0x8, 0xC
_EN, _TCIE, _HTIE, _TEIE, _DIR, _CIRC, _PINC, _MINC, _MEM2MEM = (1 << bit for bit in (0, 1, 2, 3, 4, 5, 6, 7, 14))
_GIF, _TCIF, _HTIF, _TEIF = 1 << 0, 1 << 1, 1 << 2, 1 << 3


class DmaChannels(DmaController):
    """Channels 1 to `channels`.

    Requests come from a DMAMUX, or with the option `selects` are chosen here, by CSELR; their keys are then
    (controller, channel, selection).
    """

    first_register, stride, first_channel = 0x08, 0x14, 1

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Options: `channels`, `selects`."""
        super().__init__(connections, entry, int(entry.options.get("channels", 7)))
        self._selects: Final = bool(entry.options.get("selects", False))

    def read(self, offset: int) -> int:
        """Storage; CNDTR counts down."""
        if offset == _ISR:
            return self._look(_ISR)
        index, register = self._place(offset)
        if register == _CNDTR and index is not None and self._transfers[index].setting:
            return self._transfers[index].remaining
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Enable and disable channels, clear flags."""
        self._waits.interrupted()
        if offset == _IFCR:
            self._clear(value)
        elif offset == _CSELR and self._selects:
            super().write(offset, value)
            for channel in range(len(self._transfers)):
                selected = (self.name, channel + 1, value >> 4 * channel & 0xF)
                self._requests.route((self.name, channel + 1), selected)
        elif offset != _ISR:
            index, register = self._place(offset)
            was_enabled = self.stored(offset) & _EN
            super().write(offset, value)
            if register == _CCR and index is not None:
                self._switch(index, value, bool(was_enabled))

    def _switch(self, index: int, control: int, was_enabled: bool) -> None:
        transfer = self._transfers[index]
        if control & _EN and not was_enabled:
            transfer.start(self._setting(index, control))
        elif was_enabled and not control & _EN:
            super().write(self._register(index, _CNDTR), transfer.remaining)
            transfer.stop()
        self._drive(index)

    def _setting(self, index: int, control: int) -> Setting:
        count, peripheral, memory = (
            self.stored(self._register(index, register)) for register in (_CNDTR, _CPAR, _CMAR)
        )
        sizes = 1 << (control >> 8 & 3), 1 << (control >> 10 & 3)
        steps = sizes[0] if control & _PINC else 0, sizes[1] if control & _MINC else 0
        ends = (peripheral, sizes[0], steps[0]), (memory, sizes[1], steps[1])
        source, destination = reversed(ends) if control & _DIR else ends
        return Setting(
            source=source[0],
            destination=destination[0],
            source_size=source[1],
            destination_size=destination[1],
            source_step=source[2],
            destination_step=destination[2],
            count=count & 0x3_FFFF,
            circular=bool(control & _CIRC),
            by_request=not control & _MEM2MEM,
        )

    def _progress(self, index: int, half: bool, done: bool, failed: bool) -> None:
        flags = (_HTIF if half else 0) | (_TCIF if done else 0) | (_TEIF if failed else 0)
        super().write(_ISR, self.stored(_ISR) | (flags | _GIF) << 4 * index)
        if failed:
            control = self._register(index, _CCR)
            super().write(control, self.stored(control) & ~_EN)
        self._drive(index)

    def _clear(self, flags: int) -> None:
        status = self.stored(_ISR)
        for index in range(len(self._transfers)):
            mine = flags >> 4 * index & 0xF
            mine = 0xF if mine & _GIF else mine
            left = (status >> 4 * index & 0xF) & ~mine
            status = status & ~(0xF << 4 * index) | (left if left & ~_GIF else 0) << 4 * index
        super().write(_ISR, status)
        for index in range(len(self._transfers)):
            self._drive(index)

    def _drive(self, index: int) -> None:
        enabled = self.stored(self._register(index, _CCR)) & (_TCIE | _HTIE | _TEIE)
        self._lines[index].drive(bool(enabled & self.stored(_ISR) >> 4 * index))


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `channels`, `selects`."""
    return DmaChannels(connections, entry)
