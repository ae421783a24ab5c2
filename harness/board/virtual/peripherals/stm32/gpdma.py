"""The general purpose DMA controller of the STM32U5 and H5 (RM0456 chapter 17): channels that follow linked lists."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.bus import AccessError, Bus
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.dma_controller import DmaController
from harness.board.virtual.peripherals.stm32.dma_transfer import Setting

_MISR = 0x0C
_LBAR, _FCR, _SR, _CR, _TR1, _TR2, _BR1, _SAR, _DAR, _TR3, _BR2, _LLR = (
    0x00, 0x0C, 0x10, 0x14, 0x40, 0x44, 0x48, 0x4C, 0x50, 0x54, 0x58, 0x7C
)  # fmt: skip
_EN, _RESET, _SUSP = 1 << 0, 1 << 1, 1 << 2
_IDLEF, _TCF, _HTF, _DTEF, _ULEF, _SUSPF = 1 << 0, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 13
_FLAGS = 0x7F00
"""Of SR; CR enables their interrupts with the same bits."""
_SINC, _DINC, _SWREQ, _ONLY_LAST = 1 << 3, 1 << 19, 1 << 9, 3 << 30
_LINKED = ((31, _TR1), (30, _TR2), (29, _BR1), (28, _SAR), (27, _DAR), (26, _TR3), (25, _BR2), (16, _LLR))
"""Bits of LLR, and the registers that they have read from the list, in its order."""
_LONGEST_CHAIN = 64
"""Empty blocks in a row: a list of nothing else ends here."""


class Gpdma(DmaController):
    """Channels 0 to `channels` - 1. Bursts, 2D addressing, triggers and data handling are storage."""

    first_register, stride = 0x50, 0x80

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Option: `channels`."""
        count = int(entry.options.get("channels", 16))
        super().__init__(connections, entry, count, {self._register(index, _SR): _IDLEF for index in range(count)})
        self._bus: Final[Bus] = connections.bus

    def read(self, offset: int) -> int:
        """Storage; BR1 counts down, MISR shows the channels that interrupt."""
        if offset == _MISR:
            return sum(self._interrupts(index) << index for index in range(len(self._transfers)))
        index, register = self._place(offset)
        if index is None:
            return super().read(offset)
        if register == _SR:
            return self._look(offset)
        setting = self._transfers[index].setting
        if register == _BR1 and setting:
            return self.stored(offset) & ~0xFFFF | self._transfers[index].remaining * setting.source_size
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Enable, suspend and reset channels, clear flags."""
        self._waits.interrupted()
        index, register = self._place(offset)
        if index is None:
            super().write(offset, value)
        elif register == _FCR:
            self._flag(index, clear=value & _FLAGS)
        elif register == _CR:
            self._control(index, value)
        elif register != _SR:
            super().write(offset, value)

    def _control(self, index: int, value: int) -> None:
        offset, transfer = self._register(index, _CR), self._transfers[index]
        was_enabled = self.stored(offset) & _EN
        # EN can be set here, and is cleared by a reset or at the end alone.
        super().write(offset, (value | was_enabled) & ~_RESET)
        if value & _RESET:
            self._stop(index)
            super().write(offset, value & ~(_RESET | _EN | _SUSP))
        elif value & _SUSP:
            transfer.stop()
            self._flag(index, raised=_SUSPF | _IDLEF)
        elif value & _EN and not transfer.setting:
            self._flag(index, clear=_IDLEF)
            self._begin(index)
        self._drive(index)

    def _begin(self, index: int) -> None:
        """Start the block that the registers describe, or the next of the list that is not empty."""
        for _ in range(_LONGEST_CHAIN):
            control = self.stored(self._register(index, _TR2))
            if self.stored(self._register(index, _BR1)) & 0xFFFF:
                self._requests.route((self.name, index), control & 0x7F)
                self._transfers[index].start(self._setting(index, by_request=not control & _SWREQ))
                return
            if not self._follow_link(index):
                break
        self._stop(index)

    def _setting(self, index: int, *, by_request: bool) -> Setting:
        control = self.stored(self._register(index, _TR1))
        source_size, destination_size = 1 << (control & 3), 1 << (control >> 16 & 3)
        return Setting(
            source=self.stored(self._register(index, _SAR)),
            destination=self.stored(self._register(index, _DAR)),
            source_size=source_size,
            destination_size=destination_size,
            source_step=source_size if control & _SINC else 0,
            destination_step=destination_size if control & _DINC else 0,
            count=max((self.stored(self._register(index, _BR1)) & 0xFFFF) // source_size, 1),
            circular=False,
            by_request=by_request,
        )

    def _follow_link(self, index: int) -> bool:
        """Read the next item of the list into the registers; false where there is none."""
        link = self.stored(self._register(index, _LLR))
        if not link:
            return False
        address = self.stored(self._register(index, _LBAR)) & 0xFFFF_0000 | link & 0xFFFC
        if not link >> 16 & 1:
            super().write(self._register(index, _LLR), 0)
        try:
            for bit, register in _LINKED:
                if link >> bit & 1:
                    super().write(self._register(index, register), self._bus.load(address, 4))
                    address += 4
        except AccessError:
            self._flag(index, raised=_ULEF)
            return False
        return True

    def _progress(self, index: int, half: bool, done: bool, failed: bool) -> None:
        last = not self.stored(self._register(index, _LLR))
        if half and not done:
            self._flag(index, raised=_HTF)
        if failed:
            self._flag(index, raised=_DTEF)
            self._stop(index)
        elif done:
            self._finish_block(index)
            if last or self.stored(self._register(index, _TR2)) & _ONLY_LAST != _ONLY_LAST:
                self._flag(index, raised=_TCF)
            if self._follow_link(index):
                self._begin(index)
            else:
                self._stop(index)
        self._drive(index)

    def _finish_block(self, index: int) -> None:
        """Leave the registers as the block has moved them."""
        setting = self._transfers[index].setting
        if setting:
            super().write(self._register(index, _SAR), setting.source)
            super().write(self._register(index, _DAR), setting.destination)
        super().write(self._register(index, _BR1), self.stored(self._register(index, _BR1)) & ~0xFFFF)

    def _stop(self, index: int) -> None:
        self._transfers[index].stop()
        control = self._register(index, _CR)
        super().write(control, self.stored(control) & ~_EN)
        self._flag(index, raised=_IDLEF)

    def _flag(self, index: int, *, raised: int = 0, clear: int = 0) -> None:
        status = self._register(index, _SR)
        super().write(status, self.stored(status) & ~clear | raised)
        self._drive(index)

    def _interrupts(self, index: int) -> bool:
        return bool(self.stored(self._register(index, _SR)) & self.stored(self._register(index, _CR)) & _FLAGS)

    def _drive(self, index: int) -> None:
        self._lines[index].drive(self._interrupts(index))


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option: `channels`."""
    return Gpdma(connections, entry)
