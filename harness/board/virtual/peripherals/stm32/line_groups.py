"""Lines that share interrupts, as those of EXTI do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.board.virtual.interrupts import InterruptLines


class LineGroups:
    """Interrupts by line, such as "0", or lines, such as "5-9"."""

    def __init__(self, interrupts: InterruptLines, numbers: Mapping[str, int]) -> None:
        """Connect each group to the interrupt of its number."""
        self._groups: Final = [(_mask(lines), interrupts.line(number)) for lines, number in numbers.items()]

    def drive(self, raised: int) -> None:
        """Raise the interrupts of the lines whose bits are set, and lower all others."""
        for mask, interrupt in self._groups:
            interrupt.drive(bool(raised & mask))


def _mask(lines: str) -> int:
    first, _, last = lines.partition("-")
    return (2 << int(last or first)) - (1 << int(first))
