"""ICACHE of the STM32U5: the cache between the core's code bus and flash (RM0456 chapter 8)."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.peripherals.register_block import RegisterBlock

_CR, _SR, _FCR = 0x0, 0x4, 0xC
_EN, _CACHEINV, _TWO_WAYS = 1 << 0, 1 << 1, 1 << 2
_BSYENDF = 1 << 1


class InstructionCache(RegisterBlock):
    """Holds instructions and constants alike; invalidation is over at once. Its monitors do not count."""

    def __init__(self, entry: PeripheralEntry, timing: MemoryTiming) -> None:
        """Two ways, off."""
        super().__init__(entry.name, entry.origin, entry.size, {_CR: _TWO_WAYS})
        self._timing = timing

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._apply()

    def write(self, offset: int, value: int) -> None:
        """Storage; CR switches the cache, FCR clears flags of SR."""
        if offset == _FCR:
            super().write(_SR, self.stored(_SR) & ~value)
        elif offset == _CR:
            was_on = self.stored(_CR) & _EN
            super().write(_CR, value & ~_CACHEINV)
            self._apply()
            if value & _CACHEINV or (was_on and not value & _EN):
                self._timing.invalidate_accelerator()
                super().write(_SR, self.stored(_SR) | _BSYENDF)
        elif offset != _SR:
            super().write(offset, value)

    def _apply(self) -> None:
        control = self.stored(_CR)
        self._timing.flash(instruction_cache=bool(control & _EN), cache_ways=2 if control & _TWO_WAYS else 1)


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """No options."""
    return InstructionCache(entry, connections.memory_timing)
