"""TIMER (PS 7.36) and RTC (PS 7.31): counters with capture and compare."""

from __future__ import annotations

from typing import ClassVar, Final

from harness.board.virtual.clock_tree import TickCounter
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.nrf.events import EventBlock

_CAPTURE, _COMPARE, _CC, _BITMODE, _TIMER_PRESCALER = 0x040, 0x140, 0x540, 0x508, 0x510
_RTC_COUNTER, _RTC_PRESCALER = 0x504, 0x508
_WIDTHS: Final = (16, 8, 24, 32)
_RTC_WIDTH: Final = 24


class Counter(EventBlock):
    """Counts up while it is started; raises COMPARE[n] when it reaches CC[n]."""

    tasks: ClassVar = {
        **{0x000: "start", 0x004: "stop", 0x008: "clear", 0x00C: "clear", 0x010: "stop"},
        **dict.fromkeys(range(_CAPTURE, _CAPTURE + 4 * 6, 4), "capture"),
    }
    channels = 6

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Count the clock that the family's file names."""
        super().__init__(connections, entry)
        self._ticks: Final = TickCounter(connections.scheduler, connections.clocks, entry.clock)
        self._alarm: Final = connections.scheduler.alarm(lambda _cycle: self._reached())
        self._running = False
        self._stopped_at = 0
        self._due = 0
        connections.clocks.listen(self._ticks.settle, self._resume)

    def divider(self) -> int:
        """Periods of the clock in a tick."""
        return 1 << (self.stored(_TIMER_PRESCALER) & 0xF)

    def width(self) -> int:
        """Bits."""
        return _WIDTHS[self.stored(_BITMODE) & 3]

    def value(self) -> int:
        """The counter now."""
        ticks = self._ticks.ticks() if self._running else self._stopped_at
        return ticks & (1 << self.width()) - 1

    def reset(self) -> None:
        """Stopped, at zero."""
        super().reset()
        self._running, self._stopped_at = False, 0
        self._set_alarm()

    def write(self, offset: int, value: int) -> None:
        """Storage."""
        super().write(offset, value)
        self._set_alarm()

    def carry_out(self, task: int) -> None:
        """CAPTURE tasks copy the counter."""
        if task >= _CAPTURE:
            self._values[_CC + task - _CAPTURE] = self.value()
        else:
            super().carry_out(task)
        self._set_alarm()

    def start(self) -> None:
        """Count."""
        if not self._running:
            self._ticks.set(self._stopped_at, self.divider())
            self._running = True

    def stop(self) -> None:
        """Stand still."""
        self._stopped_at, self._running = self.value(), False

    def clear(self) -> None:
        """Begin at zero."""
        self._stopped_at = 0
        self._ticks.set(0, self.divider())

    def _set_alarm(self) -> None:
        """Be called at the next compare match."""
        if not self._running:
            self._alarm.cancel()
            return
        now, period = self._ticks.ticks(), 1 << self.width()
        waits = [(self.stored(_CC + 4 * channel) - now - 1) % period + 1 for channel in range(self.channels)]
        self._due = now + min(waits)
        self._alarm.set(self._ticks.cycle_of(self._due))

    def _reached(self) -> None:
        value = self._due & (1 << self.width()) - 1
        for channel in range(self.channels):
            if self.stored(_CC + 4 * channel) == value:
                self.raise_event(_COMPARE + 4 * channel)
                if self.has_short(channel):
                    self.clear()
                if self.has_short(8 + channel):
                    self.stop()
        self._set_alarm()

    def _resume(self) -> None:
        self._ticks.resume()
        self._set_alarm()


class Rtc(Counter):
    """The real-time counter: 24 bits of the 32,768 Hz clock."""

    channels = 4

    def divider(self) -> int:
        """PRESCALER + 1."""
        return (self.stored(_RTC_PRESCALER) & 0xFFF) + 1

    def width(self) -> int:
        """24 bits."""
        return _RTC_WIDTH

    def read(self, offset: int) -> int:
        """Storage; COUNTER counts."""
        return self.value() if offset == _RTC_COUNTER else super().read(offset)


def build(connections: Connections, entry: PeripheralEntry) -> Counter:
    """Option `real_time`: make an RTC."""
    return (Rtc if entry.options.get("real_time") else Counter)(connections, entry)
