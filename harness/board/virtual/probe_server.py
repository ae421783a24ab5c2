"""pyOCD's server of remote probes, on the loopback address itself."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.board.spec import BoardSpec
    from harness.board.virtual.machine import Machine
    from harness.board.virtual.turnstile import Turnstile

LOOPBACK = "127.0.0.1"


def serve_probe(spec: BoardSpec, machine: Machine, turnstile: Turnstile) -> int:
    """Serve a machine's debug probe on this machine's loopback interface; the TCP port.

    Who connects at once waits until pyOCD is imported, which takes longer than all else that a board does to start.
    """
    listener = socket.create_server((LOOPBACK, 0))
    arguments = (listener, spec, machine, turnstile)
    threading.Thread(target=_serve, args=arguments, name="probe server", daemon=True).start()
    return int(listener.getsockname()[1])


def _serve(listener: socket.socket, spec: BoardSpec, machine: Machine, turnstile: Turnstile) -> None:
    from pyocd.core.session import Session
    from pyocd.probe import tcp_probe_server

    from harness.board.virtual.debug_port import VirtualProbe

    class ListeningServer(tcp_probe_server.TCPProbeServer):
        """pyOCD would bind to the name `localhost`, which a machine without a hosts file can't resolve."""

        socket: Any
        server_address: tuple[str, int]

        def server_bind(self) -> None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()

    logging.getLogger("pyocd").setLevel(logging.CRITICAL)
    tcp_probe_server.TCPProbeServer = ListeningServer
    session = Session(None, options={"serve_local_only": True}, no_config=True)
    tcp_probe_server.DebugProbeServer(session, VirtualProbe(spec.name, machine, turnstile), 0, True).start()
