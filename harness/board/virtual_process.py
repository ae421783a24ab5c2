"""Starts a virtual board, and ends it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from harness.board.board_file import load_board
from harness.board.rack import RackEntry
from harness.board.virtual.probe_server import LOOPBACK
from harness.board.virtual.pyocd_targets import register_virtual_target
from harness.errors import InfrastructureError
from harness.paths import REPOSITORY

_START_S = 60.0
_END_S = 5.0
_DYING_S = 0.5


@dataclass(frozen=True)
class VirtualBoard:
    """A running board process and where it answers.

    Attributes:
        console: path of its pty.
        probe: pyOCD's unique id of its probe.
        energy: TCP address of its analyzer.
    """

    process: subprocess.Popen[bytes]
    console: str
    probe: str
    energy: str

    def check_alive(self) -> None:
        """Make sure that the process runs.

        Raises:
            InfrastructureError: it ended; tells how.
        """
        with suppress(subprocess.TimeoutExpired):
            # Its ports close a moment before the process is gone.
            status = self.process.wait(_DYING_S)
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            raise InfrastructureError(f"virtual board: its process {self.process.pid} {how}")


@contextmanager
def run_virtual_board(entry: RackEntry) -> Iterator[VirtualBoard]:
    """Run the board of a rack entry for the length of the block.

    Raises:
        InfrastructureError: it did not come up; the text carries what it said.
    """
    command = [sys.executable, "-m", "harness.board.virtual", entry.board, *_options(entry)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_environment()
        )
        try:
            # Takes about as long as the board's own start.
            register_virtual_target(load_board(entry.board))
            ports = _ports(process, log)
            yield VirtualBoard(
                process, ports["console"], f"remote:{LOOPBACK}:{ports['probe']}", f"{LOOPBACK}:{ports['analyzer']}"
            )
        finally:
            _end(process)


def _options(entry: RackEntry) -> list[str]:
    options = {
        "--sample-rate": entry.sample_rate_hz,
        "--current-noise": entry.current_noise_a,
        "--current-range": entry.current_range_a,
        "--current-resolution": entry.current_resolution_a,
        "--noise-seed": entry.noise_seed,
        "--supply": entry.supply_v,
        "--timing": entry.timing,
        "--slice": entry.slice_cycles,
        "--uart-noise": entry.uart_noise or None,
    }
    return [f"{option}={value}" for option, value in options.items() if value is not None]


def _environment() -> dict[str, str]:
    """The harness may be used from a checkout that is not installed."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{path}" if path else str(REPOSITORY)}


def _ports(process: subprocess.Popen[bytes], log: IO[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    deadline = time.monotonic() + _START_S
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = process.stdout.read1(1 << 16) if ready else b""  # type: ignore[attr-defined]
        if not piece:
            break
        line += piece
    try:
        ports = json.loads(line)
        return {key: ports[key] for key in ("console", "probe", "analyzer")}
    except (ValueError, KeyError, TypeError):
        log.seek(0)
        said = log.read().decode(errors="replace").strip() or f"nothing within {_START_S:g} s"
        raise InfrastructureError(f"virtual board did not start: {said}") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its stdin, at which it ends; kill it if it does not."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
