"""The data watchpoint and trace unit: its cycle counter (Armv7-M ARM C1.8), and DEMCR.TRCENA that powers it."""

from __future__ import annotations

from collections.abc import Callable

from harness.board.virtual.engine import Engine
from harness.board.virtual.peripherals.register_block import RegisterBlock

_CTRL, _CYCCNT, _LAR, _LSR = 0x000, 0x004, 0xFB0, 0xFB4
_CYCCNTENA, _UNLOCK = 1 << 0, 0xC5AC_CE55
_FOUR_COMPARATORS, _NOCYCCNT = 0x4000_0000, 1 << 25


class Dwt(RegisterBlock):
    """CYCCNT counts the virtual clock; comparators are storage."""

    def __init__(self, engine: Engine, trace_enabled: Callable[[], bool], *, locked: bool, counts: bool = True) -> None:
        """Make the unit.

        Args:
            locked: software writes need the unlock key first, as on the Cortex-M7.
            counts: it has CYCCNT, which the Cortex-M0+ has not.
        """
        super().__init__("DWT", 0xE000_1000, 0xFC0, {_CTRL: _FOUR_COMPARATORS | (0 if counts else _NOCYCCNT)})
        self._has_counter = counts
        self._engine = engine
        self._trace_enabled = trace_enabled
        self._has_lock = locked
        self._locked = locked
        self._origin_cycle = 0
        self._frozen = 0

    def reset(self) -> None:
        """Off, at zero, locked."""
        super().reset()
        self._locked = self._has_lock
        self._frozen = 0

    def read(self, offset: int) -> int:
        """A register; CYCCNT stands still unless CYCCNTENA and TRCENA are set."""
        if offset == _CYCCNT:
            return self._count()
        if offset == _LSR and self._has_lock:
            return 0b11 if self._locked else 0b01
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Take a register, unless locked."""
        if offset == _LAR:
            self._locked = self._has_lock and value != _UNLOCK
        elif not self._locked and offset == _CYCCNT:
            self._set_count(value)
        elif not self._locked:
            count = self._count()
            super().write(offset, value | self._reset_values[_CTRL] if offset == _CTRL else value)
            self._set_count(count)

    def _counts(self) -> bool:
        return self._has_counter and bool(self.stored(_CTRL) & _CYCCNTENA) and self._trace_enabled()

    def _count(self) -> int:
        if not self._counts():
            return self._frozen if self._has_counter else 0
        return int(self._engine.clock.state.cycles - self._origin_cycle) & 0xFFFF_FFFF

    def _set_count(self, value: int) -> None:
        self._frozen = value
        self._origin_cycle = self._engine.clock.state.cycles - value
