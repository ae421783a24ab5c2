"""Which exceptions are pending and active, and which of them is the most urgent (Armv7-M ARM B1.5.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NMI, HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 2, 3, 4, 5, 6
SVCALL, DEBUG_MONITOR, PENDSV, SYSTICK, FIRST_INTERRUPT = 11, 12, 14, 15, 16
THREAD_PRIORITY = 256
_FIXED_PRIORITIES: Final = {NMI: -2, HARD_FAULT: -1}
_ALWAYS_ENABLED: Final = frozenset((NMI, HARD_FAULT, SVCALL, PENDSV, SYSTICK))
CONFIGURABLE_FAULTS: Final = frozenset((MEM_MANAGE, BUS_FAULT, USAGE_FAULT))


class ExceptionState:
    """The interrupt controller's memory.

    Attributes:
        pending: exceptions that were asked for and not taken yet; of interrupts, disabled ones too.
        active: exceptions whose handlers have begun and not ended, in the order in which they began.
        enabled: exceptions that may be taken.
        priorities: of configurable exceptions, 0 to 255; those not in it have 0.
        group_bit: AIRCR.PRIGROUP: priority bits up to this one do not count for preemption.
        lines: gives the interrupts that peripherals hold up, as exception numbers.
        on_pending: called when an interrupt becomes pending.
    """

    def __init__(self, priority_bits: int) -> None:
        """Nothing pending or active; `priority_bits` of 8 are there."""
        self.lines: Callable[[], set[int]] = set
        self.on_pending: Callable[[], None] = lambda: None
        self.priority_mask = 0xFF << 8 - priority_bits & 0xFF
        self.reset()

    def reset(self) -> None:
        """As after a reset."""
        self.pending: set[int] = set()
        self.active: list[int] = []
        self.enabled: set[int] = set(_ALWAYS_ENABLED)
        self.priorities: dict[int, int] = {}
        self.group_bit = 0

    def look(self) -> None:
        """Take in the lines: a raised one makes its interrupt pending, and again if it still is as the handler ends."""
        new = self.lines() - self.pending
        if new and (new := {number for number in new if number not in self.active}):
            self.pending |= new
            self.on_pending()

    def waiting(self) -> set[int]:
        """Exceptions that are pending and enabled."""
        self.look()
        return self.pending & self.enabled

    def most_urgent(self) -> int | None:
        """The exception to take next, if any may be: by priority, then by number."""
        return min(self.waiting(), key=lambda number: (self.priority(number), number), default=None)

    def priority(self, number: int) -> int:
        """As configured."""
        return _FIXED_PRIORITIES.get(number, self.priorities.get(number, 0))

    def group_priority(self, number: int) -> int:
        """What counts when one exception is to preempt another."""
        return self.preemption_level(self.priority(number))

    def preemption_level(self, priority: int) -> int:
        """A priority without its subpriority."""
        return priority if priority < 0 else priority & ~((2 << self.group_bit) - 1)

    def active_priority(self) -> int:
        """Of the most urgent handler that has begun; `THREAD_PRIORITY` where none has."""
        return min(map(self.group_priority, self.active), default=THREAD_PRIORITY)
