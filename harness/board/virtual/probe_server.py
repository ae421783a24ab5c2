"""pyOCD's server of remote probes, on the loopback address itself."""

from __future__ import annotations

from typing import Any

LOOPBACK = "127.0.0.1"


def serve_probe(probe: Any) -> Any:
    """Serve a probe on a free port of this machine's loopback interface, and give back the running server."""
    from pyocd.core.session import Session
    from pyocd.probe import tcp_probe_server

    class LoopbackServer(tcp_probe_server.TCPProbeServer):
        """pyOCD binds to the name `localhost`, which a machine without a hosts file can't resolve."""

        server_address: tuple[str, int]

        def server_bind(self) -> None:
            self.server_address = (LOOPBACK, self.server_address[1])
            super().server_bind()

    tcp_probe_server.TCPProbeServer = LoopbackServer
    session = Session(None, options={"serve_local_only": True}, no_config=True)
    server = tcp_probe_server.DebugProbeServer(session, probe, 0, True)
    server.start()
    return server
