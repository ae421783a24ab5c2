"""A virtual board as a process: processor thread, pty, probe port, analyzer port, and its end."""

from __future__ import annotations

import json
import logging
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
from harness.board.virtual.machine import Machine, Pause
from harness.board.virtual.noise import Noise
from harness.board.virtual.observer import Observer
from harness.board.virtual.probe_server import serve_probe
from harness.board.virtual.recorder import Recorder
from harness.board.virtual.terminal import Terminal
from harness.board.virtual.timing_switch import TimingSwitch
from harness.board.virtual.turnstile import Turnstile

_SLICE_CYCLES = 2_000_000
_SHORT_WAIT_S, _LONG_WAIT_S = 0.002, 0.02
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
        self._spec: Final = spec
        self._options: Final = options
        self._machine = Machine(spec)
        self._turnstile = Turnstile(self._machine.chip.engine.interrupt, self._machine.runnable)
        self._machine.attention = self._turnstile.contended
        self._terminal = Terminal(options.noise)
        switch = TimingSwitch(self._machine.chip, options.timing)
        self._analyzer = AnalyzerPort(self._turnstile, self._recorder(), switch)
        self._probe_port = self._serve_probe()
        self._silent_s = 0.0

    def run(self) -> None:
        """Say where the ports are, in one line of JSON on stdout, and run until the parent is gone."""
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
        ports = {"console": self._terminal.path, "probe": self._probe_port, "analyzer": self._analyzer.port}
        print(json.dumps(ports), flush=True)
        while True:
            self._run_slice()

    def _recorder(self) -> Recorder:
        observer = Observer(self._spec, self._machine)
        recorder = Recorder(
            self._spec.power,
            self._machine.chip.time,
            observer.look,
            self._options.current_input,
            self._options.supply_v,
            tuple(self._spec.channels),
        )
        observer.on_change = recorder.note
        return recorder

    def _serve_probe(self) -> int:
        from harness.board.virtual.debug_port import VirtualProbe

        logging.getLogger("pyocd").setLevel(logging.CRITICAL)
        server = serve_probe(VirtualProbe(self._spec.name, self._machine, self._turnstile))
        while server.port == 0:
            time.sleep(0.001)
        return int(server.port)

    def _run_slice(self) -> None:
        machine = self._machine
        with self._turnstile.run():
            pause = machine.run(self._options.slice_cycles)
            sent = machine.line.sent()
        if sent:
            self._terminal.write(sent)
        if pause is Pause.HALTED:
            self._terminal.read(0)
            self._turnstile.wait_for_start(_LONG_WAIT_S)
        elif pause is not Pause.SLICE_DONE:
            self._wait_for_host()
        elif machine.line.wants_bytes():
            self._feed(self._terminal.read(0))

    def _wait_for_host(self) -> None:
        """Sleep until the host sends something; a silence passes in virtual time as on the host's clock."""
        began = time.monotonic()
        data = self._terminal.read(_SHORT_WAIT_S if self._silent_s < _LONG_WAIT_S else _LONG_WAIT_S)
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
