"""pyOCD's server of remote probes, on the loopback address itself."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.board.spec import BoardSpec
    from harness.board.virtual.machine import Machine
    from harness.board.virtual.turnstile import Turnstile

LOOPBACK = "127.0.0.1"


def serve_probe(spec: BoardSpec, machine: Machine, turnstile: Turnstile) -> int:
    """Serve a machine's debug probe on this machine's loopback interface; the TCP port."""
    from pyocd.core.session import Session
    from pyocd.probe import tcp_probe_server

    from harness.board.virtual.debug_port import VirtualProbe

    class LoopbackServer(tcp_probe_server.TCPProbeServer):
        """pyOCD binds to the name `localhost`, which a machine without a hosts file can't resolve."""

        server_address: tuple[str, int]

        def server_bind(self) -> None:
            self.server_address = (LOOPBACK, self.server_address[1])
            super().server_bind()

    logging.getLogger("pyocd").setLevel(logging.CRITICAL)
    tcp_probe_server.TCPProbeServer = LoopbackServer
    session = Session(None, options={"serve_local_only": True}, no_config=True)
    server = tcp_probe_server.DebugProbeServer(session, VirtualProbe(spec.name, machine, turnstile), 0, True)
    server.start()
    while server.port == 0:
        time.sleep(0.001)
    return int(server.port)
