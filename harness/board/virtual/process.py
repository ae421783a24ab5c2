"""A virtual board as a process: processor thread, pty, probe port, analyzer port, and its end."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from harness.board.spec import BoardSpec
from harness.board.timing_mode import TimingMode
from harness.board.virtual.analyzer_port import AnalyzerPort
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.machine import Machine
from harness.board.virtual.noise import Noise
from harness.board.virtual.observer import record_machine
from harness.board.virtual.probe_server import serve_probe
from harness.board.virtual.run_loop import RunLoop
from harness.board.virtual.terminal import Terminal
from harness.board.virtual.timing_switch import TimingSwitch
from harness.board.virtual.turnstile import Turnstile

_SLICE_CYCLES = 2_000_000
_PARENT_CHECK_S = 0.5


@dataclass(frozen=True)
class Options:
    """What can be chosen for one virtual board.

    Attributes:
        current_input: of the energy analyzer.
        supply_v: supply voltage; None: at which the board's figures hold.
        timing: the mode it runs in.
        noise: on the UART; None for a good line.
        slice_cycles: how long the processor runs between two looks at the world; cycle counts do not depend on it.
    """

    current_input: CurrentInput = field(default_factory=CurrentInput)
    supply_v: float | None = None
    timing: TimingMode = TimingMode.AUTO
    noise: Noise | None = None
    slice_cycles: int = _SLICE_CYCLES


class BoardProcess:
    """The board that this process is."""

    def __init__(self, spec: BoardSpec, options: Options) -> None:
        """Build the board and open its ports."""
        self._options: Final = options
        machine = Machine(spec)
        turnstile = Turnstile(machine.chip.engine.interrupt, machine.runnable)
        self._terminal: Final = Terminal(options.noise)
        self._loop: Final = RunLoop(machine, turnstile, self._terminal)
        recorder = record_machine(spec, machine, options.current_input, options.supply_v)
        self._analyzer: Final = AnalyzerPort(turnstile, recorder, TimingSwitch(machine.chip, options.timing))
        self._probe_port: Final = serve_probe(spec, machine, turnstile)

    def run(self) -> None:
        """Say where the ports are, in one line of JSON on stdout, and run until the parent is gone."""
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
        ports = {"console": self._terminal.path, "probe": self._probe_port, "analyzer": self._analyzer.port}
        print(json.dumps(ports), flush=True)
        while True:
            self._loop.run_slice(self._options.slice_cycles)


def _end_with_parent() -> None:
    """End this process, whatever it is doing, as soon as its parent is gone or closes our stdin."""
    parent = os.getppid()

    def watch_parent() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_S)
        os._exit(0)

    threading.Thread(target=watch_parent, name="parent id", daemon=True).start()
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)
