"""GDB on a virtual board that stands alone: by its remote protocol, and by itself where it is installed."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.board.board_file import load_board
from harness.board.virtual.image import read_image
from harness.board.virtual.run_board import BoardRun
from harness.board.virtual.run_ending import RunPlan
from tests.board.board_firmware import symbol, test_firmware
from tests.board.run.scripted_host import BOARD, ScriptedHost

_PC = 15


@contextmanager
def served(script: bytes) -> Iterator[tuple[int, ScriptedHost]]:
    """The port of a board that runs in a thread of its own."""
    spec, host = load_board(BOARD), ScriptedHost(script)
    running = BoardRun(spec, read_image(test_firmware(BOARD), spec), RunPlan(gdb=0), host)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    assert running.gdb_port is not None
    try:
        yield running.gdb_port, host
    finally:
        running.interrupt()
        thread.join(10)
        assert not thread.is_alive()


class Remote:
    """GDB's remote serial protocol."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)

    def ask(self, command: str) -> str:
        self._socket.sendall(f"${command}#{sum(command.encode()) % 256:02x}".encode())
        return self.answer()

    def answer(self) -> str:
        received = b""
        while received.count(b"#") < 1 or len(received.partition(b"#")[2]) < 2:
            piece = self._socket.recv(4096)
            assert piece, "the server hung up"
            received += piece
        self._socket.sendall(b"+")
        return received.partition(b"$")[2].partition(b"#")[0].decode()

    def register(self, number: int) -> int:
        (value,) = struct.unpack_from("<I", bytes.fromhex(self.ask("g")), 4 * number)
        return int(value)

    def close(self) -> None:
        self._socket.close()


def test_the_remote_protocol_breaks_steps_and_reads() -> None:
    elf = test_firmware(BOARD)
    reset, main = symbol(elf, "reset_handler")[0], symbol(elf, "main")[0]
    with served(b"") as (port, host):
        gdb = Remote(port)
        assert "PacketSize" in gdb.ask("qSupported:multiprocess+")
        assert gdb.register(_PC) == reset
        assert host.heard == b""
        flash = read_image(elf, load_board(BOARD)).segments[0].data
        assert bytes.fromhex(gdb.ask("m8000000,40")) == flash[:64]
        assert gdb.ask("M20000100,4:78563412") == "OK"
        assert gdb.ask("m20000100,4") == "78563412"
        assert gdb.ask(f"Z1,{main:x},2") == "OK"
        assert gdb.ask("c").startswith("T05")
        assert gdb.register(_PC) == main
        assert gdb.ask(f"z1,{main:x},2") == "OK"
        assert gdb.ask("s").startswith("T05")
        assert main < gdb.register(_PC) <= main + 4
        gdb.close()


@pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="gdb-multiarch is not installed")
def test_gdb_itself_debugs_a_board() -> None:
    commands = [
        *(f"file {test_firmware(BOARD)}", "break measure", "continue", "print rounds", "finish", "info line"),
        *("print sink != 0", "monitor reset halt", "flushregs", "info symbol $pc", "detach"),
    ]
    with served(b"m\x02") as (port, host):
        commands.insert(1, f"target extended-remote 127.0.0.1:{port}")
        arguments = [word for command in commands for word in ("-ex", command)]
        done = subprocess.run(
            ["gdb-multiarch", "-nx", "-batch", *arguments], capture_output=True, text=True, timeout=60
        )
    assert "$1 = 2" in done.stdout, done.stdout + done.stderr
    assert "$2 = 1" in done.stdout
    assert "reset_handler in section .text" in done.stdout
    assert b"cycles" in host.heard
