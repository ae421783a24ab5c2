"""Why the chip was reset, for the firmware's flags and for people."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_KEPT = 64


class ResetCause(StrEnum):
    """What asked for a reset."""

    POWER_ON = "power on"
    PIN = "reset pin"
    SOFTWARE = "software reset"
    INDEPENDENT_WATCHDOG = "independent watchdog expiry"
    WINDOW_WATCHDOG = "window watchdog expiry"
    OPTION_BYTES = "option byte load"


@dataclass(frozen=True)
class Reset:
    """One reset: its cause, when, and the instruction that was next."""

    cause: ResetCause
    cycle: int
    pc: int


class Resets:
    """The resets of a chip.

    Attributes:
        record: the last ones, oldest first.
    """

    def __init__(self, request: Callable[[ResetCause], None]) -> None:
        """Ask for resets with `request`."""
        self.request: Final = request
        self.record: Final[deque[Reset]] = deque(maxlen=_KEPT)
        self._listeners: list[Callable[[ResetCause], None]] = []

    def listen(self, listener: Callable[[ResetCause], None]) -> None:
        """Have a clock controller told the cause of each reset, before its registers are reset."""
        self._listeners.append(listener)

    def note(self, reset: Reset) -> None:
        """The chip is being reset."""
        self.record.append(reset)
        for listener in self._listeners:
            listener(reset.cause)
