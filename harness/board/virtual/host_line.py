"""The console's wire in virtual time: bytes from the host arrive no faster than the baud rate allows."""

from __future__ import annotations

import ctypes
from typing import Final, Protocol

from harness.board.virtual.block_clock import NEVER
from harness.board.virtual.native_registers import Receiver
from harness.board.virtual.native_state import ClockState

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
        # Shared with native code, which takes bytes from it as `poll` and `take` do.
        self.receiver: Final = Receiver(cycles_a_byte=cycles_a_byte)
        self._bytes = b""
        self._empty_polls = 0
        self._sent = bytearray()

    def keep_time(self, clock_state: ClockState) -> None:
        """Share the virtual clock with the native code; it is the one that `Clock` tells."""
        cycles = ctypes.addressof(clock_state) + ClockState.cycles.offset
        self.receiver.cycles = ctypes.cast(cycles, ctypes.POINTER(ctypes.c_uint64))

    def listen(self, status_address: int, data_address: int, ready_status: int) -> None:
        """The registers by which firmware receives, and what the first reads when a byte is there; 0: receiver off."""
        receiver = self.receiver
        receiver.status_address, receiver.data_address, receiver.ready_status = (
            status_address,
            data_address,
            ready_status,
        )

    def feed(self, data: bytes) -> None:
        """Put bytes of the host on the wire."""
        if not data:
            return
        receiver = self.receiver
        waiting = self._bytes[receiver.taken :]
        if not waiting:
            receiver.arrival = max(receiver.arrival, self._clock.cycles) + receiver.cycles_a_byte
        self._bytes = waiting + data
        receiver.bytes, receiver.taken, receiver.fed = self._bytes, 0, len(self._bytes)

    def _under_way(self) -> bool:
        return bool(self.receiver.taken < self.receiver.fed)

    def sent(self) -> bytes:
        """What the firmware has sent since last asked."""
        data = bytes(self._sent)
        self._sent.clear()
        return data

    def next_arrival(self) -> int:
        """The cycle at which the next byte is there; `NEVER` while none is under way."""
        return int(self.receiver.arrival) if self._under_way() else NEVER

    def has_byte(self) -> bool:
        """A byte has arrived by now."""
        return self.next_arrival() <= self._clock.cycles

    def poll(self) -> bool:
        """The same; a byte under way is waited for, and a firmware that keeps asking is taken to wait."""
        if self._under_way():
            self._empty_polls = 0
            self._clock.pass_time(max(0, self.receiver.arrival - self._clock.cycles))
            return True
        self._empty_polls += 1
        if self._empty_polls >= _POLLS_OF_A_WAIT:
            self._empty_polls = 0
            self._clock.line_is_idle()
        return False

    def take(self) -> int:
        """The byte that has arrived."""
        receiver = self.receiver
        byte: int = self._bytes[receiver.taken]
        receiver.taken += 1
        receiver.arrival += receiver.cycles_a_byte
        return byte

    def send(self, byte: int) -> None:
        """A byte from the firmware."""
        self._empty_polls = 0
        self._sent.append(byte)
