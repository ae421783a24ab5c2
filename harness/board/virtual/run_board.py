"""A virtual board that stands alone: an image in its flash, a console for its user, and an end that has a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from harness.board.spec import BoardSpec
from harness.board.timing_mode import TimingMode
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.gdb_server import serve_gdb
from harness.board.virtual.host_ports import HostPort
from harness.board.virtual.image import Image, load_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.observer import record_machine
from harness.board.virtual.probe_server import serve_probe
from harness.board.virtual.run_ending import Ending, RunEnding, RunPlan
from harness.board.virtual.run_loop import RunLoop
from harness.board.virtual.run_trace import RunTrace
from harness.board.virtual.run_watch import FaultSeen, RunFigures, RunWatch
from harness.board.virtual.timing_switch import TimingSwitch
from harness.board.virtual.turnstile import Turnstile
from harness.errors import ConfigError

_SLICE_CYCLES = 200_000
_SAMPLES_PER_S = 10_000


class BoardRun:
    """One run of one board.

    Attributes:
        probe_port, gdb_port: TCP ports on the loopback interface; no `gdb_port` where none was asked for.
    """

    def __init__(self, spec: BoardSpec, image: Image, plan: RunPlan, host: HostPort) -> None:
        """Build the board, load the image, and open the ports.

        Raises:
            HarnessError: a port is taken, or the image is not for this board.
        """
        from harness.board.virtual.debug_port import VirtualProbe

        self._spec: Final = spec
        self._image: Final = image
        self._plan: Final = plan
        self._host: Final = host
        self._machine: Final = Machine(spec)
        TimingSwitch(self._machine.chip, TimingMode.TIMED if plan.timed else TimingMode.FUNCTIONAL)
        load_image(self._machine, image, spec)
        with_current = plan.trace is not None and plan.timed
        self._recorder: Final = (
            record_machine(spec, self._machine, CurrentInput(_SAMPLES_PER_S)) if with_current else None
        )
        self._watch: Final = RunWatch(self._machine)
        self._ending: Final = RunEnding(self._machine, plan, image.symbols, self._watch)
        turnstile = Turnstile(self._machine.chip.engine.interrupt, self._machine.runnable)
        self._loop: Final = RunLoop(self._machine, turnstile, host)
        self._loop.on_sent = self._ending.hear
        self.probe_port: Final = serve_probe(spec, self._machine, turnstile)
        self._gdb: Any = None
        if plan.gdb is not None:
            self._gdb = serve_gdb(VirtualProbe(spec.name, self._machine, turnstile), spec, plan.gdb)
        self.gdb_port: Final = int(self._gdb.port) if self._gdb is not None else None

    def interrupt(self) -> None:
        """End the run at the next chance; may be called from a signal handler."""
        self._ending.interrupted = True
        self._machine.chip.engine.interrupt()

    def figures(self) -> RunFigures:
        """The run so far."""
        return self._watch.figures()

    def describe(self, fault: FaultSeen) -> str:
        """A fault for people: what it was, and where."""
        return self._ending.describe(fault)

    def run(self) -> Ending:
        """Run to the end.

        Raises:
            ConfigError: the trace can't be written.
        """
        with self._trace() as trace:
            while (ending := self._ending.check()) is None:
                input_was_over = self._host.ended
                pause = self._loop.run_slice(self._slice_cycles())
                self._ending.note_pause(pause, input_is_over=input_was_over)
                if trace is not None:
                    trace.sample()
        if self._gdb is not None:
            self._gdb.stop()
        return ending

    def _slice_cycles(self) -> int:
        machine, plan = self._machine, self._plan
        cycles = machine.chip.time.hz // _SAMPLES_PER_S if plan.trace else _SLICE_CYCLES
        if plan.seconds is not None:
            cycles = min(cycles, int((plan.seconds - machine.seconds) * machine.chip.time.hz) + 1)
        return max(cycles, 1)

    @contextmanager
    def _trace(self) -> Iterator[RunTrace | None]:
        path = self._plan.trace
        if path is None:
            yield None
            return
        try:
            with path.open("wb") as stream:
                trace = RunTrace(self._machine, self._image.symbols, self._recorder, stream, self._spec.title)
                yield trace
                trace.close()
        except OSError as error:
            raise ConfigError(f"{path}: the trace can't be written: {error.strerror}") from error
