"""Mends pyOCD's client of a remote probe: it waits for ever on a server that is gone, and asks more than it needs."""

from __future__ import annotations

import time
from typing import Any

_SILENCE_S = 30.0


def guard_connection(probe: Any) -> None:
    """Have a `remote:` probe raise `ConnectionError` when its server is gone or silent; other probes are left alone."""
    from pyocd.probe.tcp_client_probe import TCPClientProbe

    if not isinstance(probe, TCPClientProbe):
        return
    socket = probe._socket
    plain_read, plain_write = socket.read, socket.write
    asked = time.monotonic()

    def write(data: bytes) -> Any:
        nonlocal asked
        asked = time.monotonic()
        return plain_write(data)

    def read(size: int | None = None) -> bytes:
        try:
            data = bytes(plain_read(size))
        except TimeoutError:
            # pyOCD polls with a short timeout, and does not count how often.
            if time.monotonic() - asked > _SILENCE_S:
                raise ConnectionError(f"the probe server has not answered for {_SILENCE_S:g} s") from None
            raise
        if not data:
            raise ConnectionError("the probe server has closed the connection")
        return data

    socket.read, socket.write = read, write
    # Two of three requests would lock and unlock the server against other clients, which a lease has kept away.
    probe.lock = probe.unlock = _nothing


def _nothing() -> None:
    return
