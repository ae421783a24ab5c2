"""The host's end of the protocol of `harness.board.virtual.analyzer_port`: a command a line, answered in JSON."""

from __future__ import annotations

import json
import socket
from typing import Any, Final

from harness.errors import InfrastructureError

_TIMEOUT_S = 30.0


class InstrumentClient:
    """A connection to an instrument at `host:port`."""

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
            raise self.failure(error) from error

    def ask(self, command: str) -> dict[str, Any]:
        """Have a command carried out.

        Raises:
            InfrastructureError: the instrument is gone, does not speak the protocol, or refuses.
        """
        try:
            self._socket.sendall(command.encode() + b"\n")
            answer = json.loads(self._stream.readline(1 << 16) or b"null")
        except (OSError, ValueError) as error:
            raise self.failure(error) from error
        if not isinstance(answer, dict):
            raise self.failure(f"answered {answer!r} to {command!r}")
        if "error" in answer:
            raise self.failure(answer["error"])
        return answer

    def read(self, size: int) -> bytes:
        """What follows an answer, as a whole.

        Raises:
            InfrastructureError: less came.
        """
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise self.failure(error) from error
        if len(data) != size:
            raise self.failure("the connection ended in the middle of a trace")
        return data

    def failure(self, reason: object) -> InfrastructureError:
        """An error that names the instrument."""
        return InfrastructureError(f"instrument {self._address}: {reason}")

    def close(self) -> None:
        """Let go of the instrument."""
        self._stream.close()
        self._socket.close()
