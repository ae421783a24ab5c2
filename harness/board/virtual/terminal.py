"""The host's end of the console: a pseudo-terminal that pyserial opens like any port."""

from __future__ import annotations

import os
import select
import time
import tty

from harness.board.virtual.noise import Noise

_UNREAD_LIMIT = 1 << 16
_PATIENCE_S = 1.0


class Terminal:
    """A pty in raw mode. Both ends stay open here, so that clients may come and go."""

    def __init__(self, noise: Noise | None) -> None:
        """Open a pty; with `noise`, both directions suffer from it."""
        self._noise = noise
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._unsent = bytearray()

    @property
    def path(self) -> str:
        """What pyserial is given to open."""
        return os.ttyname(self._slave)

    def read(self, seconds: float) -> bytes:
        """What the host has sent, waiting at most so long for it."""
        ready, _, _ = select.select([self._master], [self._master] if self._unsent else [], [], seconds)
        self._flush()
        if not ready:
            return b""
        data = os.read(self._master, 1 << 16)
        return self._noise.damage(data) if self._noise else data

    def stand_by(self) -> None:
        """Lose what the host sends, as silicon does whose core stands still."""
        self.read(0)

    def write(self, data: bytes) -> None:
        """Send to the host; when nobody reads for a second, what the terminal can't hold is lost."""
        self._unsent += self._noise.damage(data) if self._noise else data
        self._flush()
        deadline = time.monotonic() + _PATIENCE_S
        while len(self._unsent) > _UNREAD_LIMIT and (left := deadline - time.monotonic()) > 0:
            select.select([], [self._master], [], left)
            self._flush()
        del self._unsent[_UNREAD_LIMIT:]

    def _flush(self) -> None:
        try:
            while self._unsent:
                sent = os.write(self._master, self._unsent)
                del self._unsent[:sent]
        except BlockingIOError:
            pass
