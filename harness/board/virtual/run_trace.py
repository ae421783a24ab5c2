"""Records a machine's run as a Perfetto trace: functions, exceptions, sleep, resets, current, pins, bytes of UARTs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import IO, Final, TypeVar

from harness.board.virtual.machine import Machine
from harness.board.virtual.pins import Edge
from harness.board.virtual.recorder import Recorder
from harness.board.virtual.resets import Reset
from harness.board.virtual.serial_line import Frame
from harness.board.virtual.trace_file import CounterTrack, SliceTrack, TraceFile
from harness.deploy.symbols import Symbols

_NAMES = {
    2: "NMI",
    3: "HardFault",
    4: "MemManage",
    5: "BusFault",
    6: "UsageFault",
    7: "SecureFault",
    11: "SVCall",
    12: "DebugMonitor",
    14: "PendSV",
    15: "SysTick",
}
_FIRST_INTERRUPT = 16
_SAMPLES_A_RECORDING = 256
Entry = TypeVar("Entry")


class RunTrace:
    """The trace of one machine. Call `sample` between slices of its run: the program counter is looked at then."""

    def __init__(
        self, machine: Machine, symbols: Symbols, recorder: Recorder | None, stream: IO[bytes], title: str
    ) -> None:
        """Begin to record; whoever listened to the machine's state goes on to.

        Args:
            recorder: of the machine's current, for its exclusive use; None: no current.
        """
        self._machine: Final = machine
        self._chip: Final = machine.chip
        self._symbols: Final = symbols
        self._file: Final = TraceFile(stream, title)
        self._functions: Final = self._file.slices("functions (sampled)")
        self._exceptions: Final = self._file.slices("exceptions")
        self._sleep: Final = self._file.slices("sleep")
        self._resets: Final = self._file.slices("resets")
        self._clock: Final = self._file.counter("core clock", "MHz")
        self._recorder: Final = recorder
        self._current: Final = self._file.counter("current", "mA") if recorder else None
        self._current_since = 0
        self._samples = 0
        self._pins: dict[tuple[str, int], CounterTrack] = {}
        self._uarts: dict[tuple[str, bool], SliceTrack] = {}
        self._function = ""
        self._active: tuple[int, ...] = ()
        self._last_reset: Reset | None = self._chip.resets.record[-1]
        self._last_edge: Edge | None = None
        self._listener: Final = machine.on_state
        machine.on_state = self._note_state
        machine.on_exceptions = self._note_exceptions
        machine.line.watcher = self._note_frame
        self._restart_current()

    def sample(self) -> None:
        """Look at what runs now, and write what happened since last time."""
        now = self._now()
        self._clock.set(now, self._chip.time.hz / 1e6)
        self._follow_function(now)
        for edge in _newer(self._chip.pins.edges, self._last_edge):
            self._note_edge(edge)
            self._last_edge = edge
        for reset in _newer(self._chip.resets.record, self._last_reset):
            self._resets.instant(self._time(reset.cycle), str(reset.cause))
            self._last_reset = reset

        self._samples += 1
        if self._samples % _SAMPLES_A_RECORDING == 0:
            self._write_current(now)

    def close(self) -> None:
        """End what goes on."""
        self.sample()
        self._write_current(self._now())
        now = self._now()
        for track in (self._functions, self._exceptions, self._sleep):
            while track.depth:
                track.end(now)

    def _follow_function(self, now: int) -> None:
        running = not self._machine.asleep and self._machine.runnable()
        address = self._chip.debug.pc
        found = self._symbols.at(address)
        function = (found.name if found else f"{address & ~0xFF:#010x}") if running else ""
        if function != self._function:
            self._functions.end(now)
            if function:
                self._functions.begin(now, function)
            self._function = function

    def _restart_current(self) -> None:
        if self._recorder is not None:
            self._recorder.start()
            self._current_since = self._now()

    def _write_current(self, now: int) -> None:
        """Spread the samples since last time over it: those cut short by edges of the trigger are not told apart."""
        if self._recorder is None or self._current is None:
            return
        milliampere = (self._recorder.stop().current_a * 1e3).round(6).tolist()
        first, length = self._current_since, now - self._current_since
        for index, current in enumerate(milliampere):
            self._current.set(first + length * index // len(milliampere), current)
        self._restart_current()

    def _note_exceptions(self, active: Sequence[int]) -> None:
        if (now := tuple(active)) == self._active:
            return
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._active, now, strict=False)))
        time = self._now()
        for _ in self._active[kept:]:
            self._exceptions.end(time)
        for number in now[kept:]:
            self._exceptions.begin(time, self._exception_name(number))
        self._active = now

    def _exception_name(self, number: int) -> str:
        if number < _FIRST_INTERRUPT:
            return _NAMES.get(number, f"exception {number}")
        slot = self._chip.exceptions.vector_table + 4 * number
        interrupt = f"interrupt {number - _FIRST_INTERRUPT}"
        if self._chip.engine.memory_at(slot, 4) is None:
            return interrupt
        handler = self._symbols.at(int.from_bytes(self._chip.engine.read(slot, 4), "little"))
        return f"{interrupt}: {handler.name}" if handler else interrupt

    def _note_state(self, trigger: bool, asleep: bool) -> None:
        self._listener(trigger, asleep)
        if asleep and not self._sleep.depth:
            self._sleep.begin(self._now(), "asleep")
        elif not asleep:
            self._sleep.end(self._now())

    def _note_edge(self, edge: Edge) -> None:
        key = edge.port, edge.pin
        if key not in self._pins:
            self._pins[key] = self._file.counter(f"{edge.port}.{edge.pin}", "level")
            self._pins[key].set(0, float(not edge.level))
        self._pins[key].set(round(edge.seconds * 1e9), float(edge.level))

    def _note_frame(self, frame: Frame, from_host: bool) -> None:
        key = frame.port, from_host
        if key not in self._uarts:
            self._uarts[key] = self._file.slices(f"{frame.port} {'receives' if from_host else 'sends'}")
        shown = chr(frame.byte) if 0x20 < frame.byte < 0x7F else f"0x{frame.byte:02X}"
        self._uarts[key].begin(self._time(frame.start), shown)
        self._uarts[key].end(self._time(frame.end))

    def _now(self) -> int:
        return self._time(self._machine.cycles)

    def _time(self, cycle: int) -> int:
        return round(self._chip.time.seconds(cycle) * 1e9)


def _newer(entries: deque[Entry], last: Entry | None) -> list[Entry]:
    """Those behind the last one seen, oldest first; all that are kept if that one is not any more."""
    return list(takewhile(lambda entry: entry is not last, reversed(entries)))[::-1]
