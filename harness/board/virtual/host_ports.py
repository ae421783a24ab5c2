"""Where a stand-alone board's console leads: a pseudo-terminal, this process's own input and output, or a TCP port."""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from contextlib import suppress
from typing import Final, Protocol

from harness.board.virtual.probe_server import LOOPBACK
from harness.board.virtual.terminal import Terminal
from harness.errors import ConfigError

_UNREAD_LIMIT = 1 << 16
_PATIENCE_S = 1.0
_CHUNK = 1 << 16


class HostPort(Protocol):
    """The host's end of the console.

    Attributes:
        where: how to reach it, for people.
        ended: nothing will ever come from it again.
    """

    where: str
    ended: bool

    def read(self, seconds: float) -> bytes:
        """What the host has sent, waiting at most so long for it."""

    def write(self, data: bytes) -> None:
        """Send to the host."""

    def stand_by(self) -> None:
        """The core stands still, and would not see what the host sends now."""


def open_port(how: str) -> HostPort:
    """The port that `pty`, `stdio` or `tcp:PORT` stands for; TCP port 0 is any that is free.

    Raises:
        ConfigError: it is none of these, or the TCP port can't be had.
    """
    if how == "pty":
        return PtyPort()
    if how == "stdio":
        return StdioPort()
    kind, _, number = how.partition(":")
    if kind != "tcp" or not number.isdecimal() or int(number) > 0xFFFF:
        raise ConfigError(f"console {how!r}: expected pty, stdio, or tcp:PORT such as tcp:7000")
    return TcpPort(int(number))


class PtyPort:
    """A pseudo-terminal."""

    def __init__(self) -> None:
        """Open one."""
        self._terminal: Final = Terminal(None)
        self.where = f"{self._terminal.path} (a terminal: 8N1, any baud rate)"
        self.ended = False

    def read(self, seconds: float) -> bytes:
        """See `HostPort`."""
        return self._terminal.read(seconds)

    def write(self, data: bytes) -> None:
        """See `HostPort`."""
        self._terminal.write(data)

    def stand_by(self) -> None:
        """See `HostPort`: what is typed is lost, as on silicon."""
        self._terminal.stand_by()


class StdioPort:
    """Standard input and output of this process."""

    def __init__(self) -> None:
        """Take them as they are: a terminal stays line by line, with its own echo."""
        self.where = "this terminal"
        self.ended = False
        self._input: Final = sys.stdin.fileno()

    def read(self, seconds: float) -> bytes:
        """See `HostPort`; after the end of input it only waits."""
        if self.ended:
            time.sleep(seconds)
            return b""
        ready, _, _ = select.select([self._input], [], [], seconds)
        if not ready:
            return b""
        data = os.read(self._input, _CHUNK)
        self.ended = not data
        return data

    def write(self, data: bytes) -> None:
        """See `HostPort`."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def stand_by(self) -> None:
        """See `HostPort`: input waits, so that scripts need not."""


class TcpPort:
    """A raw TCP port on the loopback interface, for one client at a time: `socket://` of pyserial, netcat, telnet."""

    def __init__(self, number: int) -> None:
        """Listen.

        Raises:
            ConfigError: the port is taken, or not to be had by this user.
        """
        try:
            self._server: Final = socket.create_server((LOOPBACK, number))
        except OSError as error:
            raise ConfigError(f"console tcp:{number}: {error.strerror}; choose another port") from error
        self._client: socket.socket | None = None
        self._unsent = bytearray()
        self.where = f"socket://{LOOPBACK}:{self._server.getsockname()[1]}"
        self.ended = False

    def read(self, seconds: float) -> bytes:
        """See `HostPort`; a new client is let in here."""
        self._flush()
        ready, _, _ = select.select([self._client or self._server], [], [], seconds)
        if not ready:
            return b""
        if self._client is None:
            self._client = self._server.accept()[0]
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client.setblocking(False)
            self._flush()
            return b""
        try:
            data = self._client.recv(_CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._drop()
        return data

    def write(self, data: bytes) -> None:
        """See `HostPort`; without a client, or when it reads nothing for a second, only the first 64 KiB are kept."""
        self._unsent += data
        self._flush()
        deadline = time.monotonic() + _PATIENCE_S
        while self._client and len(self._unsent) > _UNREAD_LIMIT and (left := deadline - time.monotonic()) > 0:
            select.select([], [self._client], [], left)
            self._flush()
        del self._unsent[_UNREAD_LIMIT:]

    def stand_by(self) -> None:
        """See `HostPort`: what is sent is lost, as on silicon."""
        self.read(0)

    def _flush(self) -> None:
        if self._client is None:
            return
        try:
            while self._unsent:
                del self._unsent[: self._client.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            with suppress(OSError):
                self._client.close()
        self._client = None
