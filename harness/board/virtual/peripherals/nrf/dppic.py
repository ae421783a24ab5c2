"""DPPIC (PS 7.10): which channels between events and tasks are on, one by one and in groups."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.nrf.events import EventBlock

_CHEN, _CHENSET, _CHENCLR, _GROUPS = 0x500, 0x504, 0x508, 0x800
_GROUP_COUNT: Final = 6


class Dppic(EventBlock):
    """The controller. Even tasks enable a group of channels, odd ones disable it."""

    tasks = dict.fromkeys(range(0, 8 * _GROUP_COUNT, 4), "switch_group")

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Switch the chip's channels."""
        super().__init__(connections, entry)
        self._channels: Final = connections.channels

    def reset(self) -> None:
        """All channels off."""
        super().reset()
        self._channels.enabled = 0

    def read(self, offset: int) -> int:
        """CHEN, CHENSET and CHENCLR read alike."""
        return self._channels.enabled if offset in (_CHEN, _CHENSET, _CHENCLR) else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; CHEN and its neighbours switch channels."""
        if offset == _CHEN:
            self._channels.enabled = value
        elif offset == _CHENSET:
            self._channels.enabled |= value
        elif offset == _CHENCLR:
            self._channels.enabled &= ~value
        else:
            super().write(offset, value)

    def carry_out(self, task: int) -> None:
        """Enable or disable a group."""
        group = self.stored(_GROUPS + task // 8 * 4)
        self._channels.enabled = self._channels.enabled & ~group | (0 if task & 4 else group)


def build(connections: Connections, entry: PeripheralEntry) -> Dppic:
    """Make the controller."""
    return Dppic(connections, entry)
