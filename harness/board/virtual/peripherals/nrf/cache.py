"""CACHE (PS 7.5): in front of flash, for instructions and data alike."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.peripherals.register_block import RegisterBlock

_ENABLE, _INVALIDATE, _ERASE, _ERASE_STATUS = 0x500, 0x504, 0x508, 0x51C


class Cache(RegisterBlock):
    """Tells the memory timing what ENABLE and INVALIDATE do. Flash waits as long whatever the core's clock."""

    def __init__(self, entry: PeripheralEntry, timing: MemoryTiming) -> None:
        """Option `wait_states`: of flash, in core cycles."""
        super().__init__(entry.name, entry.origin, entry.size)
        self._timing: Final = timing
        self._wait_states: Final = int(entry.options.get("wait_states", 0))

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._apply()

    def write(self, offset: int, value: int) -> None:
        """Storage, with what it does to the cache."""
        super().write(offset, value)
        if offset in (_INVALIDATE, _ERASE) and value & 1:
            self._timing.invalidate_accelerator()
            super().write(_ERASE_STATUS, 1)
        elif offset == _ENABLE:
            self._apply()

    def _apply(self) -> None:
        self._timing.flash(
            wait_states=self._wait_states,
            prefetch=False,
            instruction_cache=bool(self.stored(_ENABLE) & 1),
            data_cache=False,
        )


def build(connections: Connections, entry: PeripheralEntry) -> Cache:
    """Make the block."""
    return Cache(entry, connections.memory_timing)
