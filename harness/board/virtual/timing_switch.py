"""Switches a chip between its two modes: *timed*, with all that memory and branches cost, and *functional*, without.

Both run the same firmware to the same results. In functional mode the clock goes on, for timers and baud rates, but
leaves out what memory costs: no cycles may be reported then.
"""

from __future__ import annotations

from harness.board.timing_mode import TimingMode
from harness.board.virtual.chip import Chip


class TimingSwitch:
    """The mode of one chip; what the rack asked for wins over what the bench does."""

    def __init__(self, chip: Chip, mode: TimingMode) -> None:
        """Begin functional, but with `TimingMode.TIMED`."""
        self._chip = chip
        self._mode = mode
        self._set(mode is TimingMode.TIMED)

    @property
    def timed(self) -> bool:
        """Cycles mean something now."""
        return bool(self._chip.engine.clock.state.timed)

    def ask(self, timed: bool) -> bool:
        """Switch, unless the rack asked for one mode for good; returns the mode that holds."""
        if self._mode is TimingMode.AUTO and timed != self.timed:
            self._set(timed)
        return self.timed

    def _set(self, timed: bool) -> None:
        """Switch. Caches and branch history begin empty: what is timed does not depend on what ran before."""
        chip = self._chip
        if timed:
            chip.memory_timing.empty()
            chip.engine.clock.forget_branches()
        chip.engine.clock.state.timed = int(timed)
