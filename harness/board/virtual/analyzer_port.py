"""The virtual energy analyzer: a TCP server on this machine with two commands, each a line.

`start` is answered by a line `{}`; `stop` by one JSON line with `samples`, `sample_rate_hz` and `voltage_v`, and then
the samples: `samples` little-endian float64 of current in ampere, and as many bytes of trigger, 0 or 1.
"""

from __future__ import annotations

import json
import socketserver
import threading
from typing import Final

from harness.board.virtual.machine import Machine
from harness.board.virtual.recorder import Recorder
from harness.board.virtual.turnstile import Turnstile


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: AnalyzerPort) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.analyzer = port


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        for line in self.rfile:
            answer = self.server.analyzer.answer(line.strip())
            self.wfile.write(answer)


class AnalyzerPort:
    """Serves recordings of one machine."""

    def __init__(self, machine: Machine, turnstile: Turnstile, recorder: Recorder) -> None:
        """Start to listen."""
        self._machine: Final = machine
        self._turnstile: Final = turnstile
        self._recorder: Final = recorder
        machine.on_state = lambda trigger, asleep: recorder.note(machine.cycles, trigger, asleep)
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, name="analyzer", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    def answer(self, command: bytes) -> bytes:
        """Carry out a command."""
        machine = self._machine
        if command == b"start":
            with self._turnstile.visit():
                self._recorder.start(machine.cycles, machine.trigger, machine.asleep)
            return b"{}\n"
        if command != b"stop":
            return json.dumps({"error": "unknown command"}).encode() + b"\n"
        with self._turnstile.visit():
            trace = self._recorder.stop(machine.cycles)
        header = {
            "samples": len(trace.current_a),
            "sample_rate_hz": trace.sample_rate_hz,
            "voltage_v": trace.voltage_v,
        }
        samples = trace.current_a.astype("<f8").tobytes() + trace.trigger.astype("u1").tobytes()
        return json.dumps(header).encode() + b"\n" + samples
