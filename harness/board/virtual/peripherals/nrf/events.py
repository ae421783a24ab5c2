"""What all nRF peripherals have in common (PS 7.1): tasks that start things, events that end them, their interrupts.

A channel leads events that are published on it to the tasks that are subscribed to it (PS 7.10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.serial_line import WaitLoop

_SUBSCRIBE, _EVENTS, _PUBLISH = 0x080, 0x100, 0x180
_ON, _CHANNEL = 1 << 31, 0xFF
_SHORTS, _INTEN, _INTENSET, _INTENCLR = 0x200, 0x300, 0x304, 0x308


class EventBlock(RegisterBlock):
    """Storage with tasks and events; the interrupt is up while an event is set that INTEN has enabled.

    A loop that reads one event over and over lets time pass up to the next alarm.
    """

    tasks: ClassVar[Mapping[int, str]] = {}
    """Names of the methods that carry out tasks, by offset; of any kind where `carry_out` knows what to do."""

    def __init__(
        self, connections: Connections, entry: PeripheralEntry, values: Mapping[int, int] | None = None
    ) -> None:
        """Connect the block to its interrupt."""
        super().__init__(entry.name, entry.origin, entry.size, values)
        self.scheduler: Final = connections.scheduler
        self._interrupt: Final = connections.interrupts.line(entry.interrupts.get("", 0))
        self._waits: Final = WaitLoop(connections.scheduler)
        self._event_channels: Final = connections.channels
        connections.channels.listen(self._follow_channel)

    def reset(self) -> None:
        """No events, no interrupts."""
        super().reset()
        self._update()

    def read(self, offset: int) -> int:
        """Storage; INTENSET and INTENCLR read as INTEN."""
        if offset in (_INTENSET, _INTENCLR):
            return self.stored(_INTEN)
        value = super().read(offset)
        if _EVENTS <= offset < _PUBLISH and not value and self._waits.looks_again(offset):
            self.wait()
            value = super().read(offset)
        return value

    def write(self, offset: int, value: int) -> None:
        """Storage; tasks are carried out."""
        self._waits.interrupted()
        if offset < _SUBSCRIBE:
            if value & 1 and offset in self.tasks:
                self.carry_out(offset)
        elif offset == _INTENSET:
            super().write(_INTEN, self.stored(_INTEN) | value)
        elif offset == _INTENCLR:
            super().write(_INTEN, self.stored(_INTEN) & ~value)
        else:
            super().write(offset, value & 1 if _EVENTS <= offset < _PUBLISH else value)
        self._update()

    def carry_out(self, task: int) -> None:
        """Do what the task at an offset is for."""
        action: Callable[[], None] = getattr(self, self.tasks[task])
        action()

    def raise_event(self, offset: int) -> None:
        """Set an event, and publish it."""
        super().write(offset, 1)
        self._update()
        published = self.stored(_PUBLISH + offset - _EVENTS)
        if published & _ON:
            self._event_channels.publish(published & _CHANNEL)

    def has_short(self, bit: int) -> bool:
        """A shortcut from an event to a task is on."""
        return bool(self.stored(_SHORTS) >> bit & 1)

    def wait(self) -> None:
        """The firmware keeps looking at an event that is not set."""
        self.scheduler.skip_to(self.scheduler.next)

    def _follow_channel(self, channel: int) -> None:
        for task in self.tasks:
            if self.stored(_SUBSCRIBE + task) == _ON | channel:
                self.carry_out(task)
                self._update()

    def _update(self) -> None:
        enabled = self.stored(_INTEN)
        raised = any(self.stored(_EVENTS + 4 * bit) for bit in range(32) if enabled >> bit & 1)
        self._interrupt.drive(raised)
