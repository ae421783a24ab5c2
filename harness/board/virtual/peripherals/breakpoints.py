"""The flash patch and breakpoint unit (Armv7-M ARM C1.11), revision 1 on the Cortex-M4 and 2 on the M7."""

from __future__ import annotations

from collections.abc import Callable

from harness.board.virtual.peripherals.register_block import RegisterBlock

_CTRL, _COMPARATORS = 0x000, 0x008
_KEY, _ENABLE = 1 << 1, 1 << 0
_LOWER, _UPPER = 1, 2


class BreakpointUnit(RegisterBlock):
    """Comparators that stop the core in front of an instruction."""

    def __init__(self, watch: Callable[[set[int]], None], *, revision: int) -> None:
        """Make the unit; `watch` gets the addresses to stop at whenever they change."""
        self._count = 6 if revision == 1 else 8
        self._revision = revision
        super().__init__("FPB", 0xE000_2000, 0xFC0)
        self._watch = watch
        self._enabled = False

    def reset(self) -> None:
        """Nothing: breakpoints survive a system reset."""

    def read(self, offset: int) -> int:
        """A register; CTRL tells how many comparators there are."""
        if offset == _CTRL:
            return (self._revision - 1) << 28 | self._count << 4 | int(self._enabled)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set a comparator, or switch the unit."""
        if offset == _CTRL:
            if value & _KEY:
                self._enabled = bool(value & _ENABLE)
        else:
            super().write(offset, value)
        self._watch(self._addresses() if self._enabled else set())

    def _addresses(self) -> set[int]:
        found: set[int] = set()
        for offset in range(_COMPARATORS, _COMPARATORS + 4 * self._count, 4):
            value = self.stored(offset)
            if not value & 1:
                continue
            if self._revision == 2:
                found.add(value & ~1)
            else:
                base, halves = value & 0x1FFF_FFFC, value >> 30
                found |= {base} if halves & _LOWER else set()
                found |= {base + 2} if halves & _UPPER else set()
        return found
