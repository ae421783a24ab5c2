"""Channels that lead events of peripherals to tasks of others, past the core, as nRF's DPPI does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


class EventChannels:
    """All channels of a chip.

    Attributes:
        enabled: a bit for each channel that leads anywhere.
    """

    def __init__(self) -> None:
        """No listeners, no channel enabled."""
        self.enabled = 0
        self._listeners: Final[list[Callable[[int], None]]] = []

    def listen(self, on_event: Callable[[int], None]) -> None:
        """Be told the number of every enabled channel on which an event comes."""
        self._listeners.append(on_event)

    def publish(self, channel: int) -> None:
        """An event comes on a channel."""
        if self.enabled >> channel & 1:
            for listener in self._listeners:
                listener(channel)
