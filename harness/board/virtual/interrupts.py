"""The lines from peripherals to the interrupt controller: each is up for as long as its peripheral holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

_FIRST_EXCEPTION = 16


class InterruptLine:
    """One peripheral's wire; several may share a number."""

    def __init__(self, lines: InterruptLines, number: int) -> None:
        """Made by `InterruptLines.line`."""
        self._lines: Final = lines
        self._exception: Final = _FIRST_EXCEPTION + number
        self._high = False

    def drive(self, high: bool) -> None:
        """Hold the line up, or let it go."""
        if high != self._high:
            self._high = high
            self._lines.change(self._exception, 1 if high else -1)


class InterruptLines:
    """All lines of a chip.

    Attributes:
        raised: exception numbers of the lines that are up.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        """Make lines that call `interrupt` when one rises, so that the core looks at them."""
        self._interrupt: Final = interrupt
        self._drivers: Counter[int] = Counter()
        self.raised: Final[set[int]] = set()

    def line(self, number: int) -> InterruptLine:
        """A new wire to the interrupt of this number."""
        return InterruptLine(self, number)

    def change(self, exception: int, drivers: int) -> None:
        """One more, or one less, holds a line up."""
        self._drivers[exception] += drivers
        if self._drivers[exception] == 0:
            self.raised.discard(exception)
        elif exception not in self.raised:
            self.raised.add(exception)
            self._interrupt()
