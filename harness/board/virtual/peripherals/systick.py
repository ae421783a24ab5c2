"""SysTick (Armv7-M ARM B3.3), counting the core clock or an eighth of it."""

from __future__ import annotations

from harness.board.virtual.engine import Engine
from harness.board.virtual.exception_state import SYSTICK
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.scheduler import NEVER, Scheduler

_CONTROL, _RELOAD, _CURRENT = 0x0, 0x4, 0x8
_ENABLE, _TICKINT, _CORE_CLOCK, _COUNTED = 1 << 0, 1 << 1, 1 << 2, 1 << 16


class SysTick(RegisterBlock):
    """Wraps at exact cycles; a wrap that raises no exception is noted when somebody looks."""

    def __init__(self, engine: Engine, scheduler: Scheduler, exceptions: ExceptionModel) -> None:
        """Make the timer of an engine's clock."""
        super().__init__("SysTick", 0xE000_E010, 0x10)
        self._engine = engine
        self._scheduler = scheduler
        self._exceptions = exceptions
        self._expires = NEVER
        self._alarm = scheduler.alarm(lambda _cycle: self._update())

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._expires = NEVER
        self._alarm.cancel()

    def read(self, offset: int) -> int:
        """A register; reading CTRL clears COUNTFLAG."""
        self._update()
        if offset == _CURRENT:
            if self._expires == NEVER:
                return 0
            left = max(self._expires - self._scheduler.now, 1) - 1
            return left // self._divider() & 0xFF_FFFF
        value = super().read(offset)
        if offset == _CONTROL:
            super().write(_CONTROL, value & ~_COUNTED)
        return value

    def write(self, offset: int, value: int) -> None:
        """Start, stop, set the period, or begin it anew."""
        self._update()
        if offset == _CONTROL:
            was_on = bool(self.stored(_CONTROL) & _ENABLE)
            super().write(_CONTROL, value & 0x7)
            if not value & _ENABLE:
                self._expires = NEVER
            elif not was_on:
                self._restart()
        elif offset == _RELOAD:
            super().write(_RELOAD, value & 0xFF_FFFF)
        elif offset == _CURRENT:
            super().write(_CONTROL, self.stored(_CONTROL) & ~_COUNTED)
            if self._expires != NEVER:
                self._restart()
        self._schedule()

    def _update(self) -> None:
        """Wrap if the time has come, pending the exception where enabled."""
        now = self._scheduler.now
        if now < self._expires:
            return
        period = self._period()
        self._expires += ((now - self._expires) // period + 1) * period
        super().write(_CONTROL, self.stored(_CONTROL) | _COUNTED)
        if self.stored(_CONTROL) & _TICKINT:
            self._exceptions.pending.add(SYSTICK)
            self._engine.interrupt()
        self._schedule()

    def _schedule(self) -> None:
        self._alarm.set(self._expires if self.stored(_CONTROL) & _TICKINT else NEVER)

    def _restart(self) -> None:
        self._expires = self._scheduler.now + self._period()

    def _period(self) -> int:
        return (self.stored(_RELOAD) + 1) * self._divider()

    def _divider(self) -> int:
        return 1 if self.stored(_CONTROL) & _CORE_CLOCK else 8
