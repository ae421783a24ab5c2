"""A peripheral that needs no logic: registers that remember what was written, status bits that follow control bits."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import Follower, FollowingBlock, RegisterBlock


class Storage(FollowingBlock):
    """Storage with ready bits: those that follow, and those that are always set, whatever is written over them."""

    def __init__(self, entry: PeripheralEntry) -> None:
        """See `build` for the options."""
        followers = tuple(Follower(*numbers) for numbers in entry.options.get("follow", []))
        super().__init__(entry.name, entry.origin, followers, entry.options.get("values", {}), size=entry.size)
        self._always: Final[dict[int, int]] = dict(entry.options.get("always", {}))

    def read(self, offset: int) -> int:
        """What was written, with the ready bits."""
        return super().read(offset) | self._always.get(offset, 0)


def build(_connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Storage.

    Options: `values`, reset values by offset; `follow`, a list of [control register, bit, status register, bit] and
    where it is more than one bit the width, of ready bits that follow their enables at once; `always`, masks of ready
    bits that are always set, by offset.
    """
    return Storage(entry)
