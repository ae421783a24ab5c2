"""Runs a machine in slices, lets visitors in between them, and carries the console's bytes to and from the host."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from harness.board.virtual.machine import Machine, Pause
from harness.board.virtual.turnstile import Turnstile

_SHORT_WAIT_S, _LONG_WAIT_S = 0.002, 0.02


class HostEnd(Protocol):
    """The host's end of the console."""

    def read(self, seconds: float) -> bytes:
        """What the host has sent, waiting at most so long for it."""

    def write(self, data: bytes) -> None:
        """Send to the host."""

    def stand_by(self) -> None:
        """The core stands still, and would not see what the host sends now."""


class RunLoop:
    """A machine between its visitors and its console.

    Attributes:
        on_sent: called with what the firmware has sent.
    """

    def __init__(self, machine: Machine, turnstile: Turnstile, host: HostEnd) -> None:
        """Connect the three; nothing runs yet."""
        self.on_sent: Callable[[bytes], None] = lambda _data: None
        self._machine: Final = machine
        self._turnstile: Final = turnstile
        self._host: Final = host
        self._silent_s = 0.0
        machine.attention = turnstile.contended

    def run_slice(self, cycles: int) -> Pause:
        """Run for about so many cycles, or wait a moment for the host or a debugger where there is nothing to run."""
        machine = self._machine
        with self._turnstile.run():
            pause = machine.run(cycles)
            sent = machine.line.sent()
        if sent:
            self._host.write(sent)
            self.on_sent(sent)
        if pause is Pause.HALTED:
            self._host.stand_by()
            self._turnstile.wait_for_start(_LONG_WAIT_S)
        elif pause is not Pause.SLICE_DONE:
            self._wait_for_host()
        elif machine.line.wants_bytes():
            self._feed(self._host.read(0))
        return pause

    def _wait_for_host(self) -> None:
        """Sleep until the host sends something; a silence passes in virtual time as on the host's clock."""
        began = time.monotonic()
        data = self._host.read(_SHORT_WAIT_S if self._silent_s < _LONG_WAIT_S else _LONG_WAIT_S)
        if data:
            self._silent_s = 0.0
            self._feed(data)
            return
        silence = time.monotonic() - began
        self._silent_s += silence
        with self._turnstile.run():
            self._machine.allow_idle(silence)

    def _feed(self, data: bytes) -> None:
        with self._turnstile.run():
            self._machine.line.feed(data)
