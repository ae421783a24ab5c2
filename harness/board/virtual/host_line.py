"""The console's wire in virtual time: bytes from the host arrive no faster than the baud rate allows."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from harness.board.virtual.block_clock import NEVER

_POLLS_OF_A_WAIT = 8
"""So many looks at an empty receiver in a row, with nothing sent between them, are a wait."""


class Clock(Protocol):
    """What the line needs of the machine."""

    @property
    def cycles(self) -> int:
        """The virtual time."""

    def pass_time(self, cycles: int) -> None:
        """Let time go by."""

    def line_is_idle(self) -> None:
        """The firmware waits for a byte, and none is under way."""


class HostLine:
    """Bytes from and to the host.

    Bytes are fed while the firmware waits for them, and time stands still until they are. So when the firmware sees a
    byte depends on what the host sent, not on when the host's scheduler let it. Transmitting takes no virtual time.
    """

    def __init__(self, clock: Clock, cycles_a_byte: int) -> None:
        """Make the wire of a machine; `cycles_a_byte` is the time of one frame of start, data and stop bits."""
        self._clock = clock
        self._cycles_a_byte = cycles_a_byte
        self._incoming: deque[int] = deque()
        self._arrival = 0
        self._empty_polls = 0
        self._sent = bytearray()

    def feed(self, data: bytes) -> None:
        """Put bytes of the host on the wire."""
        if data and not self._incoming:
            self._arrival = max(self._arrival, self._clock.cycles) + self._cycles_a_byte
        self._incoming.extend(data)

    def sent(self) -> bytes:
        """What the firmware has sent since last asked."""
        data = bytes(self._sent)
        self._sent.clear()
        return data

    def next_arrival(self) -> int:
        """The cycle at which the next byte is there; `NEVER` while none is under way."""
        return self._arrival if self._incoming else NEVER

    def has_byte(self) -> bool:
        """A byte has arrived by now."""
        return self.next_arrival() <= self._clock.cycles

    def poll(self) -> bool:
        """The same; a byte under way is waited for, and a firmware that keeps asking is taken to wait."""
        if self._incoming:
            self._empty_polls = 0
            self._clock.pass_time(max(0, self._arrival - self._clock.cycles))
            return True
        self._empty_polls += 1
        if self._empty_polls >= _POLLS_OF_A_WAIT:
            self._empty_polls = 0
            self._clock.line_is_idle()
        return False

    def take(self) -> int:
        """The byte that has arrived."""
        byte = self._incoming.popleft()
        self._arrival += self._cycles_a_byte
        return byte

    def send(self, byte: int) -> None:
        """A byte from the firmware."""
        self._empty_polls = 0
        self._sent.append(byte)
