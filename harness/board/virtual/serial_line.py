"""A UART's shift registers in virtual time, without its registers: what families of UARTs have in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from harness.board.virtual.scheduler import NEVER, Scheduler

_TIGHT_LOOP_CYCLES: Final = 256
"""Two looks at a status register within so many cycles, with the same answer, are a loop that waits."""
_PLACES_OF_A_LOOP: Final = 4


@dataclass
class Frame:
    """One byte on the wire, from the cycle of its start bit to that of the end of its stop bit."""

    port: str
    byte: int
    start: int
    end: int
    dropped: bool = False
    """It was thrown away before it began."""


class WaitLoop:
    """Tells a loop that waits for a flag from code that looks at it now and then.

    A loop may look at several places: those of HAL look for the flag, and then for errors.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        """Nothing was looked at yet."""
        self._scheduler: Final = scheduler
        self._looks: dict[int, tuple[int, int | None]] = {}

    def looks_again(self, value: int) -> bool:
        """Note a look that showed `value`; whether the same code did a moment ago, and was shown the same."""
        now, place = self._scheduler.now, self._scheduler.place
        cycle, seen = self._looks.get(place, (now, None))
        if len(self._looks) > _PLACES_OF_A_LOOP:
            self._looks.clear()
        self._looks[place] = now, value
        return now - cycle <= _TIGHT_LOOP_CYCLES and value == seen

    def interrupted(self) -> None:
        """The firmware did something else than look."""
        self._looks.clear()


class Transmitter:
    """A shift register behind a data register, or a FIFO of `capacity` bytes.

    Attributes:
        capacity: bytes that can wait behind the one that is being sent.
        busy_until: the cycle at which the last frame ends, or has ended.
    """

    def __init__(self, scheduler: Scheduler, port: str, send: Callable[[Frame], None]) -> None:
        """Hand frames to `send` as they are written; one that has not begun may still change its byte."""
        self._scheduler: Final = scheduler
        self._port: Final = port
        self._send: Final = send
        self._frames: deque[Frame] = deque()
        self.capacity = 1
        self.busy_until = 0

    def reset(self) -> None:
        """Forget what waits; what is being sent is cut off."""
        self.flush()
        self._frames.clear()

    def flush(self) -> None:
        """Forget what waits."""
        for frame in self._frames:
            frame.dropped = frame.start > self._scheduler.now
        self._frames = deque(frame for frame in self._frames if not frame.dropped)

    def write(self, byte: int, cycles: int) -> None:
        """Take a byte for a frame of so many cycles; one too many replaces the last, or is lost in a full FIFO."""
        now = self._scheduler.now
        if not self.has_room():
            if self.capacity == 1:
                self._frames[-1].byte = byte
            return
        start = max(now, self._frames[-1].end) if self._frames else now
        frame = Frame(self._port, byte, start, start + cycles)
        self.busy_until = frame.end
        self._frames.append(frame)
        self._send(frame)

    def has_room(self) -> bool:
        """A byte can be written without losing one (TXE)."""
        return self.room() > 0

    def room(self) -> int:
        """How many bytes can be written."""
        return max(0, self.capacity - self._waiting())

    def is_empty(self) -> bool:
        """No byte waits, one may be under way."""
        return self._waiting() == 0

    def is_idle(self) -> bool:
        """All has been sent (TC)."""
        self._forget_sent()
        return not self._frames

    def next_change(self) -> int:
        """The cycle at which a frame next begins or ends; `NEVER` when idle."""
        now = self._scheduler.now
        self._forget_sent()
        return min((edge for frame in self._frames for edge in (frame.start, frame.end) if edge > now), default=NEVER)

    def stretch(self, numerator: int, denominator: int) -> None:
        """The core clock changes: what is left of the frames takes `numerator`/`denominator` times the cycles."""
        now = self._scheduler.now
        for frame in self._frames:
            frame.start = min(frame.start, now) + max(0, frame.start - now) * numerator // denominator
            frame.end = now + max(0, frame.end - now) * numerator // denominator
            self.busy_until = frame.end

    def _waiting(self) -> int:
        self._forget_sent()
        now = self._scheduler.now
        return sum(frame.start > now for frame in self._frames)

    def _forget_sent(self) -> None:
        now = self._scheduler.now
        while self._frames and self._frames[0].end <= now:
            self._frames.popleft()


class Wire(Protocol):
    """The wire as one receiver sees it; see `HostLine`."""

    def arrival(self) -> int:
        """The cycle at which the next byte has arrived; `NEVER` while none is under way to this receiver."""

    def last_arrival(self) -> int:
        """The cycle at which the last byte had arrived, taken by native code or not."""

    def take(self) -> int:
        """The byte that has arrived."""

    def postpone(self, cycle: int) -> None:
        """The host pauses: what has not been taken begins to arrive at this cycle."""


class ReceiveQueue:
    """A data register, or a FIFO of `capacity` bytes, that a wire fills.

    A byte too many is lost, as on silicon; but while the firmware sends, which it mostly does with eyes for nothing
    else, the host is taken to listen, and pauses instead.

    Attributes:
        capacity: bytes that it holds.
        overwrites: a byte too many replaces the last one (OVRDIS) instead of being lost.
        overrun: a byte was lost; stays until the owner clears it.
        idle: the line was quiet for a frame after the last byte; stays until the owner clears it.
    """

    def __init__(self, scheduler: Scheduler, wire: Wire, transmitter: Transmitter) -> None:
        """Receive what the wire has; `transmitter` is that of the same UART."""
        self._transmitter: Final = transmitter
        self._scheduler: Final = scheduler
        self._wire: Final = wire
        self._bytes: deque[int] = deque()
        self.capacity = 1
        self.overwrites = False
        self.reset()

    def reset(self) -> None:
        """Empty, no flags."""
        self._bytes.clear()
        self.overrun = self.idle = False
        self._idle_at = NEVER
        self._last = self._wire.last_arrival()

    def __len__(self) -> int:
        return len(self._bytes)

    def catch_up(self, frame_cycles: int) -> None:
        """Take in what has arrived by now, in frames of so many cycles."""
        now = self._scheduler.now
        while True:
            arrival = self._wire.arrival()
            if (last := self._wire.last_arrival()) != self._last:
                self._last, self._idle_at = last, last + frame_cycles
            if self._idle_at > arrival - frame_cycles:
                # The next byte begins before the line has been quiet for long enough.
                self._idle_at = NEVER
            elif self._idle_at <= now:
                self.idle, self._idle_at = True, NEVER
            if arrival > now:
                return
            if len(self._bytes) == self.capacity and self._transmitter.busy_until > arrival - frame_cycles:
                self._wire.postpone(self._transmitter.busy_until)
            else:
                self._take(self._wire.take())

    def pop(self) -> int:
        """The oldest byte; 0 where there is none."""
        return self._bytes.popleft() if self._bytes else 0

    def clear(self) -> None:
        """Throw away what was received."""
        self._bytes.clear()

    def next_silence(self) -> int:
        """The cycle at which the line will have been quiet for a frame; `NEVER` if no byte came since it last was."""
        return self._idle_at

    def _take(self, byte: int) -> None:
        if len(self._bytes) < self.capacity:
            self._bytes.append(byte)
        elif self.overwrites:
            self._bytes[-1] = byte
        else:
            self.overrun = True
