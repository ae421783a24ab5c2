"""The virtual board's instruments: a TCP server on this machine with a few commands, each a line.

The energy analyzer: `start` is answered by a line `{}`; `stop` by one JSON line with `samples`, `sample_rate_hz`,
`voltage_v` and `channels` (names), and then the samples: `samples` little-endian float64 of current in ampere, as many
bytes of trigger, 0 or 1, and as many of each channel. The switch between the board's two modes: `timed` and
`functional`, answered by `{"timed": ...}` with the mode that holds. What can't be done is answered by `{"error": ...}`.
"""

from __future__ import annotations

import json
import socketserver
import threading
from typing import Final

from harness.board.trace import EnergyTrace
from harness.board.virtual.recorder import Recorder
from harness.board.virtual.timing_switch import TimingSwitch
from harness.board.virtual.turnstile import Turnstile
from harness.errors import InfrastructureError


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
    """Serves recordings of one machine, and the switch of its mode."""

    def __init__(self, turnstile: Turnstile, recorder: Recorder, switch: TimingSwitch) -> None:
        """Start to listen."""
        self._turnstile: Final = turnstile
        self._recorder: Final = recorder
        self._switch: Final = switch
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, name="analyzer", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    def answer(self, command: bytes) -> bytes:
        """Carry out a command."""
        try:
            with self._turnstile.visit():
                return self._carry_out(command)
        except InfrastructureError as error:
            return _line({"error": str(error)})

    def _carry_out(self, command: bytes) -> bytes:
        if command in (b"timed", b"functional"):
            return _line({"timed": self._switch.ask(command == b"timed")})
        if command == b"start":
            if not self._switch.timed:
                raise InfrastructureError("the board is functional: it counts no time, and so no energy")
            self._recorder.start()
            return _line({})
        if command == b"stop":
            return _message(self._recorder.stop())
        raise InfrastructureError("unknown command")


def _message(trace: EnergyTrace) -> bytes:
    header = {
        "samples": len(trace.current_a),
        "sample_rate_hz": trace.sample_rate_hz,
        "voltage_v": trace.voltage_v,
        "channels": list(trace.channels),
    }
    pins = [pin.astype("u1").tobytes() for pin in (trace.trigger, *trace.channels.values())]
    return _line(header) + trace.current_a.astype("<f8").tobytes() + b"".join(pins)


def _line(answer: dict[str, object]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
