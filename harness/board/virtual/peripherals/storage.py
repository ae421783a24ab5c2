"""A peripheral that needs no logic: registers that remember what was written, status bits that follow control bits."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import Follower, FollowingBlock, RegisterBlock


def build(_connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Storage.

    Options: `values`, reset values by offset; `follow`, a list of [control register, bit, status register, bit] and
    where it is more than one bit the width, of ready bits that follow their enables at once.
    """
    followers = tuple(Follower(*numbers) for numbers in entry.options.get("follow", []))
    return FollowingBlock(entry.name, entry.origin, followers, entry.options.get("values", {}), size=entry.size)
