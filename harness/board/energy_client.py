"""An energy analyzer behind a TCP port; the protocol is that of `harness.board.virtual.analyzer_port`."""

from __future__ import annotations

import json
import socket
from typing import Any, Final

from harness.board.trace import EnergyTrace
from harness.errors import InfrastructureError

_TIMEOUT_S = 30.0
_MAX_SAMPLES = 1 << 28


class EnergyClient:
    """An `EnergyAnalyzer` at `host:port`."""

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            InfrastructureError: nobody answers there.
        """
        self._address: Final = address
        host, _, port = address.rpartition(":")
        try:
            self._socket = socket.create_connection((host, int(port)), _TIMEOUT_S)
            self._stream = self._socket.makefile("rb")
        except OSError as error:
            raise self._failure(error) from error

    def start(self) -> None:
        """Begin to record."""
        self._ask(b"start\n")

    def stop(self) -> EnergyTrace:
        """End the recording and hand it over."""
        import numpy as np

        header = self._ask(b"stop\n")
        try:
            count = int(header["samples"])
            rate, voltage = float(header["sample_rate_hz"]), float(header["voltage_v"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._failure(f"bad header: {error!r}") from error
        if not 0 <= count <= _MAX_SAMPLES or rate <= 0:
            raise self._failure(f"bad header: {count} samples at {rate} Hz")
        current, trigger = self._read(8 * count), self._read(count)
        return EnergyTrace(
            sample_rate_hz=rate,
            current_a=np.frombuffer(current, "<f8").astype(np.float64),
            voltage_v=voltage,
            trigger=np.frombuffer(trigger, np.uint8) != 0,
        )

    def close(self) -> None:
        """Let go of the instrument."""
        self._stream.close()
        self._socket.close()

    def _ask(self, command: bytes) -> dict[str, Any]:
        try:
            self._socket.sendall(command)
            answer = json.loads(self._stream.readline(1 << 16) or b"null")
        except (OSError, ValueError) as error:
            raise self._failure(error) from error
        if not isinstance(answer, dict) or "error" in answer:
            raise self._failure(f"answered {answer!r} to {command.decode().strip()!r}")
        return answer

    def _read(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise self._failure(error) from error
        if len(data) != size:
            raise self._failure("the connection ended in the middle of a trace")
        return data

    def _failure(self, reason: object) -> InfrastructureError:
        return InfrastructureError(f"energy analyzer {self._address}: {reason}")
