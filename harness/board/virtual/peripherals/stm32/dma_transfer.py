"""One channel or stream of a DMA controller at work, whatever its registers look like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from harness.board.virtual.bus import AccessError, Bus
from harness.board.virtual.connections import Connections

MEMORY_BEAT_CYCLES = 5
"""Core cycles of a read and a write between memories; estimated from AN4031 (STM32F2, F4 and F7 DMA), chapter 2.2."""


_LONGEST_BURST = 65_536
"""Transfers in a row for one request: one that never goes down does not serve its peripheral."""


@dataclass
class Setting:
    """What the registers of a channel say when it is enabled.

    Attributes:
        source, destination: addresses of the next transfer.
        source_size, destination_size: bytes of an access.
        source_step, destination_step: bytes from one access to the next.
        count: transfers left.
        circular: begin anew at the end.
        by_request: each transfer is asked for by a peripheral; otherwise all are done at once.
    """

    source: int
    destination: int
    source_size: int
    destination_size: int
    source_step: int
    destination_step: int
    count: int
    circular: bool
    by_request: bool


class Transfer:
    """Moves data while its request is up.

    Attributes:
        setting: None while the channel is disabled.
        remaining: of the count, as the counter register shows it.
    """

    def __init__(
        self, connections: Connections, channel: tuple[str, int], on_progress: Callable[[bool, bool, bool], None]
    ) -> None:
        """Tell `on_progress` (half done, done, failed) when one of them comes true."""
        self._bus: Final[Bus] = connections.bus
        self._requests: Final = connections.dma
        self._scheduler: Final = connections.scheduler
        self._channel: Final = channel
        self._on_progress: Final = on_progress
        self._finished: Final = connections.scheduler.alarm(lambda _cycle: self._move_all())
        self.setting: Setting | None = None
        self.remaining = 0
        self._first = 0, 0
        self._busy = False
        connections.dma.attach(channel, self.serve)

    def start(self, setting: Setting) -> None:
        """The channel is enabled."""
        self.redirect(setting)
        if not setting.by_request:
            self._finished.set(self._scheduler.now + MEMORY_BEAT_CYCLES * setting.count)
        else:
            self.serve()

    def stop(self) -> None:
        """The channel is disabled."""
        self.setting = None
        self._finished.cancel()

    def redirect(self, setting: Setting) -> None:
        """Go on with other addresses and a new count."""
        self.setting, self.remaining = setting, setting.count
        self._first = setting.source, setting.destination

    def serve(self) -> None:
        """Transfer for as long as the peripheral asks."""
        if self._busy:
            return
        self._busy = True
        for _ in range(_LONGEST_BURST):
            wanted = self.setting and self.setting.by_request and self.remaining
            if not wanted or not self._requests.asked(self._channel):
                break
            self._move()
        self._busy = False

    def _move_all(self) -> None:
        for _ in range(self.remaining):
            if self.setting:
                self._move()

    def _move(self) -> None:
        setting = self.setting
        assert setting is not None
        try:
            value = self._bus.load(setting.source, setting.source_size)
            self._bus.store(setting.destination, setting.destination_size, value)
        except AccessError:
            self.stop()
            self._on_progress(False, False, True)
            return
        setting.source += setting.source_step
        setting.destination += setting.destination_step
        self.remaining -= 1
        half, done = self.remaining == setting.count // 2, self.remaining == 0
        if done and setting.circular:
            setting.source, setting.destination = self._first
            self.remaining = setting.count
        if half or done:
            self._on_progress(half, done, False)
