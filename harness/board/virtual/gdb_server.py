"""pyOCD's own GDB server, on the probe of a virtual board in this process."""

from __future__ import annotations

from typing import Any

from harness.board.spec import BoardSpec
from harness.board.virtual.probe_server import LOOPBACK
from harness.board.virtual.pyocd_targets import register_virtual_target
from harness.errors import ConfigError

_OPTIONS = {
    # As a debugger expects it: at the reset vector, until it says otherwise.
    "connect_mode": "halt",
    "resume_on_disconnect": True,
    "persist": True,
    "serve_local_only": True,
    "hide_programming_progress": True,
    "chip_erase": "sector",
    "reset.post_delay": 0.01,
}


def serve_gdb(probe: Any, spec: BoardSpec, port: int) -> Any:
    """Halt the core, serve GDB on a TCP port of the loopback interface (0: any that is free), and give back the server.

    The machine must be running, or at rest between two blocks.

    Raises:
        ConfigError: the port is taken.
    """
    from pyocd.core.session import Session
    from pyocd.gdbserver import gdbserver

    class LoopbackListener(gdbserver.ListenerSocket):
        """pyOCD binds to the name `localhost`, which a machine without a hosts file can't resolve."""

        def init(self) -> None:
            self.host = LOOPBACK
            super().init()

    gdbserver.ListenerSocket = LoopbackListener
    register_virtual_target(spec)
    options = {**_OPTIONS, "target_override": spec.debug.virtual_target, "gdbserver_port": port}
    session = Session(probe, no_config=True, options=options)
    session.open()
    try:
        server = gdbserver.GDBServer(session, core=0)
    except OSError as error:
        session.close()
        raise ConfigError(f"--gdb {port}: {error.strerror}; choose another port") from error
    session.gdbservers[0] = server
    server.start()
    return server
