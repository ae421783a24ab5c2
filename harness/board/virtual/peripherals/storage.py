"""A peripheral that needs no logic: registers that remember what was written, status bits that follow control bits."""

from __future__ import annotations

import logging
from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import Follower, FollowingBlock, RegisterBlock

_LOG = logging.getLogger(__name__)


class Storage(FollowingBlock):
    """Storage with bits that follow others, and bits that stay set or clear whatever is written over them."""

    def __init__(self, entry: PeripheralEntry) -> None:
        """See `build` for the options."""
        followers = tuple(Follower(*numbers) for numbers in entry.options.get("follow", []))
        super().__init__(entry.name, entry.origin, followers, entry.options.get("values", {}), size=entry.size)
        self._always: Final[dict[int, int]] = dict(entry.options.get("always", {}))
        self._never: Final[dict[int, int]] = dict(entry.options.get("never", {}))
        self._instead: Final = entry.options.get("instead", "")
        self._noted = not self._instead

    def read(self, offset: int) -> int:
        """What was written, with the ready bits, and without those that clear themselves."""
        self._note()
        return (super().read(offset) | self._always.get(offset, 0)) & ~self._never.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Remember it."""
        self._note()
        super().write(offset, value)

    def _note(self) -> None:
        if not self._noted:
            self._noted = True
            _LOG.warning("%s at %#010x is not modelled: %s", self.name, self.origin, self._instead)


def build(_connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Storage.

    Options: `values`, reset values by offset; `follow`, a list of [control register, bit, status register, bit] and
    where it is more than one bit the width, of ready bits that follow their enables at once; `always` and `never`,
    masks by offset of bits that are always set, such as "ready", and never, such as "busy" and what starts something;
    `instead`, what firmware finds in place of the peripheral, for the log when it is first used.
    """
    return Storage(entry)
