"""The console's wire in virtual time: bytes from the host arrive no faster than the baud rate allows."""

from __future__ import annotations

import ctypes
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from harness.board.virtual.native_registers import Receiver
from harness.board.virtual.scheduler import NEVER, Scheduler
from harness.board.virtual.serial_line import Frame
from harness.board.virtual.virtual_time import VirtualTime

_LOG = logging.getLogger(__name__)
_LOOKS_OF_A_WAIT = 8
"""So many looks at an empty receiver in a row are a wait for the host."""
_KEPT_FRAMES = 4096
_ANSWER_S, _ANSWER_CYCLES = 1e-3, 20_000
"""A host needs at least this long to answer: a USB serial port hands bytes on once a frame, 1 ms (USB 2.0, 8.4.3); and
firmware at a few MHz is given the time to get ready that it would have with a person at the other end."""


class Port(Protocol):
    """A UART, as the wire knows it."""

    name: str

    def listens(self) -> bool:
        """Its receiver is on."""

    def armed(self) -> bool:
        """It hands received bytes on by interrupt or DMA."""

    def frame_cycles(self) -> int:
        """The time of one frame of start, data and stop bits."""

    def baud(self) -> int:
        """The bit rate, for people."""

    def line_changed(self) -> None:
        """Other bytes are under way than before."""


class HostLine:
    """Bytes from and to the host: one wire, to whichever UART the firmware uses.

    What any UART sends reaches the host. What the host sends goes to the board's virtual COM port if its receiver is
    on, else to the receiver that was last used; while all are off it waits. Bytes are fed while the firmware waits for
    them, and time stands still until they are. So when the firmware sees a byte depends on what the host sent, not on
    when the host's scheduler let it.

    Attributes:
        on_idle: called when the firmware keeps looking for a byte, and none is under way.
        watcher: called with every frame that was on the wire, and whether the host sent it; None: nobody watches.
    """

    def __init__(self, scheduler: Scheduler, time: VirtualTime, cycles: ctypes.c_uint64) -> None:
        """Make the wire; `cycles` is the clock, for native code that takes bytes as `take` does."""
        self._scheduler: Final = scheduler
        self._time: Final = time
        self.receiver: Final = Receiver(
            cycles=ctypes.pointer(cycles), horizon=ctypes.pointer(scheduler.horizon), arrival=NEVER
        )
        self.on_idle: Callable[[], None] = lambda: None
        self.watcher: Callable[[Frame, bool], None] | None = None
        self._ports: list[Port] = []
        self._default: Port | None = None
        self._target: Port | None = None
        self._bytes = b""
        self._host_answers = 0
        self._old_hz = time.hz
        self._frames: deque[Frame] = deque()
        self.record: Final[deque[Frame]] = deque(maxlen=_KEPT_FRAMES)
        self._sent = bytearray()
        self._looks = 0
        self._looked = False
        self._announced: tuple[str, int] | None = None

    # ---- the chip's end

    def connect(self, port: Port, *, default: bool) -> PortWire:
        """Add a UART, and hand it its end; `default`: the board's virtual COM port."""
        self._ports.append(port)
        if default:
            self._default = port
        return PortWire(self, port)

    def switched(self, port: Port) -> None:
        """A UART's receiver went on or off, or its bit rate changed."""
        if port.listens():
            self._prefer(port)
        self._choose()

    def arrival(self, port: Port) -> int:
        """The cycle at which the next byte for this port has arrived; `NEVER` while none is under way."""
        return int(self.receiver.arrival) if port is self._target and self._under_way() else NEVER

    def take(self) -> int:
        """The byte that has arrived."""
        receiver = self.receiver
        byte: int = self._bytes[receiver.taken]
        if self.watcher is not None and self._target is not None:
            begin = receiver.arrival - receiver.cycles_a_byte
            self.watcher(Frame(self._target.name, byte, begin, receiver.arrival), True)
        receiver.taken += 1
        receiver.line_free = receiver.arrival
        receiver.arrival += receiver.cycles_a_byte
        return byte

    def postpone(self, cycle: int) -> None:
        """The host pauses: what has not been taken begins to arrive at this cycle."""
        self.receiver.arrival = cycle + self.receiver.cycles_a_byte

    def send(self, frame: Frame) -> None:
        """A frame from a UART; the host sees it once it has begun."""
        self._looks = 0
        self._frames.append(frame)
        self.record.append(frame)
        self._host_answers = frame.end + max(_ANSWER_CYCLES, self._time.cycles(_ANSWER_S))
        port = next(port for port in self._ports if port.name == frame.port)
        if self._announced is None or self._announced[0] != port.name:
            self._announced = port.name, port.baud()
            _LOG.info("the console is %s at %d baud", *self._announced)
            self._prefer(port)
            self._choose()

    def empty_look(self) -> None:
        """The firmware looked for a byte, and none is under way: if it keeps looking, it waits for the host."""
        self._looked = True
        self._looks += 1
        if self._looks >= _LOOKS_OF_A_WAIT:
            self._looks = 0
            self.on_idle()

    def offer(self, port: Port, registers: tuple[int, int], idle_status: int, ready_status: int) -> None:
        """Let native code hand over bytes by itself.

        Args:
            registers: addresses of the status and the data register by which firmware receives.
            idle_status, ready_status: what the first reads without and with a byte.
        """
        if port is self._target and self.watcher is None:
            receiver = self.receiver
            receiver.status_address, receiver.data_address = registers
            receiver.idle_status, receiver.ready_status = idle_status, ready_status

    def withdraw(self, port: Port) -> None:
        """Have every access of a port's registers handled in Python."""
        if port is self._target:
            self.receiver.ready_status = 0

    # ---- the host's end

    def feed(self, data: bytes) -> None:
        """Put bytes of the host on the wire."""
        if not data:
            return
        receiver = self.receiver
        waiting = self._bytes[receiver.taken :]
        self._bytes = waiting + data
        receiver.bytes, receiver.taken, receiver.fed = self._bytes, 0, len(self._bytes)
        self._looked = False
        if not waiting:
            self._begin()

    def sent(self) -> bytes:
        """What the firmware has sent since last asked."""
        now = self._scheduler.now
        while self._frames and (self._frames[0].start <= now or self._frames[0].dropped):
            self._hand_over(self._frames.popleft())
        data = bytes(self._sent)
        self._sent.clear()
        return data

    def settle(self) -> None:
        """The core stands still: nothing can change the bytes that wait to be sent any more."""
        while self._frames:
            self._hand_over(self._frames.popleft())

    def reset(self) -> None:
        """Lose what is under way to the chip, as a reset does."""
        receiver = self.receiver
        self._bytes, receiver.taken, receiver.fed, receiver.arrival = b"", 0, 0, NEVER
        self._host_answers = self._looks = 0
        self._looked = False
        self.settle()

    def awaited(self) -> bool:
        """A UART is ready to hand on the next byte by interrupt or DMA, and none is under way."""
        return not self._under_way() and any(port.armed() for port in self._ports)

    def wants_bytes(self) -> bool:
        """The firmware would see a byte that came now: a UART is armed, or it has looked in vain."""
        return self._looked or any(port.armed() for port in self._ports)

    @property
    def console(self) -> tuple[str, int] | None:
        """Name and bit rate of the UART that last began to send; None before."""
        return self._announced

    def note_clock(self) -> None:
        """The core clock is about to change."""
        self._old_hz = self._time.hz

    def follow_clock(self) -> None:
        """It has: what is to come takes as many seconds as before, and other cycles."""
        new, old = self._time.hz, self._old_hz
        if new == old:
            return
        now, receiver = self._scheduler.now, self.receiver
        if receiver.arrival != NEVER:
            receiver.arrival = now + max(0, receiver.arrival - now) * new // old
        self._host_answers = now + max(0, self._host_answers - now) * new // old

    def _hand_over(self, frame: Frame) -> None:
        if not frame.dropped:
            self._sent.append(frame.byte)
            if self.watcher is not None:
                self.watcher(frame, False)

    def _under_way(self) -> bool:
        return bool(self.receiver.taken < self.receiver.fed)

    def _prefer(self, port: Port) -> None:
        self._ports.remove(port)
        self._ports.insert(0, port)

    def _choose(self) -> None:
        """Lead the wire to the UART that is to receive."""
        candidates = [self._default, *self._ports] if self._default else self._ports
        target = next((port for port in candidates if port is not None and port.listens()), None)
        cycles = target.frame_cycles() if target else 0
        if target is self._target and cycles == self.receiver.cycles_a_byte:
            return
        self._target, self.receiver.cycles_a_byte, self.receiver.ready_status = target, cycles, 0
        self._begin()

    def _begin(self) -> None:
        """Start the first byte that waits, as soon as the wire is free and the host had time to answer."""
        receiver = self.receiver
        receiver.arrival = NEVER
        if self._target is not None and self._under_way():
            start = max(self._scheduler.now, receiver.line_free, self._host_answers)
            receiver.arrival = start + receiver.cycles_a_byte
        if self._target is not None:
            self._target.line_changed()


class PortWire:
    """The wire as one UART sees it."""

    def __init__(self, line: HostLine, port: Port) -> None:
        """Made by `HostLine.connect`."""
        self._line: Final = line
        self._port: Final = port

    def arrival(self) -> int:
        """See `Wire`."""
        return self._line.arrival(self._port)

    def last_arrival(self) -> int:
        """See `Wire`."""
        return int(self._line.receiver.line_free)

    def take(self) -> int:
        """See `Wire`."""
        return self._line.take()

    def postpone(self, cycle: int) -> None:
        """See `Wire`."""
        self._line.postpone(cycle)
