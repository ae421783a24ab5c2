"""Timers, TIM1 to TIM17 (RM0432 chapters 37 to 40, RM0385 22 to 26): counting up, update and compare events."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.clock_tree import TickCounter
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.scheduler import NEVER
from harness.board.virtual.serial_line import WaitLoop

_CR1, _DIER, _SR, _EGR, _CNT, _PSC, _ARR, _RCR, _CCR1 = 0x00, 0x0C, 0x10, 0x14, 0x24, 0x28, 0x2C, 0x30, 0x34
_CEN, _UDIS, _URS, _OPM, _DIR, _ARPE, _UIFREMAP = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 7, 1 << 11
_UIF, _UG, _COMPARE = 1 << 0, 1 << 0, 0b1_1110
_CHANNELS = 4


class Timer(RegisterBlock):
    """One timer. What it has counted is worked out when somebody looks; only enabled interrupts are scheduled.

    PWM and capture are storage: no pin follows a timer. Center-aligned modes count up.
    """

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Options: `bits`, 16 or 32; `channels` with compare registers; `repetition`, it has RCR.

        Interrupts `update` and `compare`, or one for both.
        """
        self._mask: Final = (1 << int(entry.options.get("bits", 16))) - 1
        super().__init__(entry.name, entry.origin, entry.size, {_ARR: self._mask})
        self._channels: Final = int(entry.options.get("channels", _CHANNELS))
        self._repeats: Final = bool(entry.options.get("repetition", False))
        self._scheduler: Final = connections.scheduler
        self._counter: Final = TickCounter(connections.scheduler, connections.clocks, entry.clock)
        connections.clocks.listen(self._settle, self._resume)
        numbers = entry.interrupts
        self._update_line: Final = connections.interrupts.line(numbers.get("update", numbers.get("", 0)))
        self._compare_line: Final = connections.interrupts.line(numbers.get("compare", numbers.get("", 0)))
        self._alarm: Final = connections.scheduler.alarm(lambda _cycle: self._update())
        self._waits: Final = WaitLoop(connections.scheduler)
        self._held = self._seen = self._divider = 0
        self._top = self._mask

    def reset(self) -> None:
        """Off, at 0, counting to its top."""
        super().reset()
        self._held = self._seen = 0
        self._divider, self._top = 1, self._mask
        self._update()

    def read(self, offset: int) -> int:
        """Storage; CNT and SR as they are now."""
        if offset == _CNT and not self.stored(_CR1) & _UIFREMAP:
            return self._look_at_counter()
        self._catch_up()
        if offset == _CNT:
            return self._count() | (self.stored(_SR) & _UIF) << 31
        if offset == _SR:
            self._let_wait()
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Start, stop, set up; SR's flags are cleared by zeros."""
        self._catch_up()
        self._waits.interrupted()
        if offset == _SR:
            super().write(_SR, self.stored(_SR) & value)
        elif offset == _EGR:
            self._generate(value)
        elif offset == _CNT:
            self._begin(value & self._mask)
        elif offset == _CR1:
            self._control(value)
        else:
            super().write(offset, value & self._mask if offset in (_ARR, *self._compares()) else value)
            if offset == _ARR and not self.stored(_CR1) & _ARPE:
                self._load_top()
        self._update()

    # ---- counting

    def _running(self) -> bool:
        return bool(self.stored(_CR1) & _CEN)

    def _ticks(self) -> int:
        """Since the counter was at 0."""
        return self._counter.ticks() if self._running() else self._held

    def _period(self) -> int:
        return self._top + 1

    def _count(self) -> int:
        position = self._ticks() % self._period()
        return self._top - position if self.stored(_CR1) & _DIR else position

    def _begin(self, position: int) -> None:
        """Go on from this many ticks after 0."""
        self._held = self._seen = position
        self._counter.set(position, self._divider)

    def _control(self, value: int) -> None:
        was_running = self._running()
        position = self._ticks()
        super().write(_CR1, value)
        if was_running != self._running():
            seen = self._seen
            self._begin(position)
            self._seen = seen

    def _load_top(self) -> None:
        """Take ARR; a counter beyond it begins anew, where silicon would first go round its whole range."""
        position = self._ticks() % self._period()
        self._top = self.stored(_ARR) or self._mask
        self._begin(position if position <= self._top else 0)

    def _generate(self, events: int) -> None:
        """EGR: an update by software loads the prescaler and ARR, and begins anew."""
        super().write(_SR, self.stored(_SR) | events & _COMPARE)
        if events & _UG:
            self._divider, self._top = self._preload()
            self._begin(0)
            if not self.stored(_CR1) & (_URS | _UDIS):
                super().write(_SR, self.stored(_SR) | _UIF)

    # ---- events

    def _compares(self) -> tuple[int, ...]:
        return tuple(_CCR1 + 4 * channel for channel in range(self._channels))

    def _update_period(self) -> int:
        repetitions = (self.stored(_RCR) & 0xFFFF) + 1 if self._repeats else 1
        return self._period() * repetitions

    def _catch_up(self) -> None:
        """Set the flags of what happened since the last look."""
        if not self._running():
            return
        now, period = self._counter.ticks(), self._update_period()
        flags = 0
        for channel, register in enumerate(self._compares()):
            at = self._match(register)
            if at is not None and (now - at) // self._period() > (self._seen - at) // self._period():
                flags |= 2 << channel
        updates = now // period - self._seen // period
        if updates and not self.stored(_CR1) & _UDIS:
            flags |= _UIF
        self._seen = now
        if flags:
            super().write(_SR, self.stored(_SR) | flags)
        if updates:
            self._overflow()

    def _overflow(self) -> None:
        """An update by counting: one-pulse mode stops, and preloaded registers are taken."""
        control = self.stored(_CR1)
        if control & _OPM:
            super().write(_CR1, control & ~_CEN)
            self._divider, self._top = self._preload()
            self._begin(0)
        elif self._preload() != (self._divider, self._top):
            beyond = self._counter.ticks() % self._period()
            self._divider, self._top = self._preload()
            self._begin(beyond)

    def _match(self, register: int) -> int | None:
        """The ticks within a period at which a compare register is met."""
        value = self.stored(register)
        if value > self._top:
            return None
        return self._top - value if self.stored(_CR1) & _DIR else value

    def _next(self, flags: int) -> int:
        """The cycle at which one of these flags is next set."""
        if not self._running():
            return NEVER
        now = self._counter.ticks()
        targets = []
        if flags & _UIF:
            targets.append((now // self._update_period() + 1) * self._update_period())
        for channel, register in enumerate(self._compares()):
            at = self._match(register)
            if flags >> channel + 1 & 1 and at is not None:
                targets.append(((now - at) // self._period() + 1) * self._period() + at)
        return self._counter.cycle_of(min(targets)) if targets else NEVER

    def _update(self) -> None:
        self._catch_up()
        raised = self.stored(_SR) & self.stored(_DIER)
        self._update_line.drive(bool(raised & _UIF))
        self._compare_line.drive(bool(raised & _COMPARE))
        wanted = self.stored(_DIER) & (_UIF | _COMPARE)
        # One pulse ends, and preloaded registers are taken, at the update, whoever listens.
        self._alarm.set(self._next(wanted | (_UIF if self._awaits_update() else 0)))

    def _preload(self) -> tuple[int, int]:
        """Divider and top that are taken at the next update."""
        return (self.stored(_PSC) & 0xFFFF) + 1, self.stored(_ARR) or self._mask

    def _awaits_update(self) -> bool:
        return bool(self.stored(_CR1) & _OPM) or self._preload() != (self._divider, self._top)

    def _look_at_counter(self) -> int:
        """CNT; in a loop that waits for it to change, as delays do, time passes up to the next tick."""
        if self._awaits_update():
            self._catch_up()
        count = self._count()
        if self._waits.looks_again(count) and self._running():
            self._scheduler.skip_to(self._counter.cycle_of(self._counter.ticks() + 1))
            count = self._count()
            self._waits.looks_again(count)
        return count

    def _let_wait(self) -> None:
        """A loop that waits for a flag: time passes up to the next one."""
        status = self.stored(_SR)
        if self._waits.looks_again(status):
            change = self._next(~status)
            if change != NEVER:
                self._scheduler.skip_to(change)
                self._update()

    def _settle(self) -> None:
        self._catch_up()
        if self._running():
            self._counter.settle()

    def _resume(self) -> None:
        if self._running():
            self._counter.resume()
        self._update()


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `bits`, `channels`, `repetition`; interrupts `update` and `compare`, or one for both."""
    return Timer(connections, entry)
