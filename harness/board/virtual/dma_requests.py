"""The request lines from peripherals to DMA controllers: each is up for as long as its peripheral wants a transfer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final


class RequestLine:
    """One peripheral's request, known by several keys where several channels can serve it.

    A key is what the controller's registers select it by: a DMAMUX input number, or (controller, stream, channel).
    """

    def __init__(self, requests: DmaRequests, keys: tuple[Hashable, ...]) -> None:
        """Made by `DmaRequests.line`."""
        self._requests: Final = requests
        self._keys: Final = keys
        self._high = False

    def drive(self, high: bool) -> None:
        """Ask for a transfer, or no more."""
        if high == self._high:
            return
        self._high = high
        for key in self._keys:
            self._requests.change(key, high)


class DmaRequests:
    """All request lines of a chip."""

    def __init__(self) -> None:
        """Make lines that nobody drives."""
        self._high: Final[set[Hashable]] = set()
        self._servers: Final[dict[Hashable, Callable[[], None]]] = {}

    def line(self, *keys: Hashable) -> RequestLine:
        """A new request line with these keys."""
        return RequestLine(self, keys)

    def serve(self, key: Hashable, server: Callable[[], None] | None) -> None:
        """Have `server` called when the line of this key goes up; None: nobody."""
        if server is None:
            self._servers.pop(key, None)
        else:
            self._servers[key] = server

    def high(self, key: Hashable) -> bool:
        """Whether a transfer is asked for."""
        return key in self._high

    def change(self, key: Hashable, high: bool) -> None:
        """A line goes up or down."""
        if not high:
            self._high.discard(key)
            return
        self._high.add(key)
        if server := self._servers.get(key):
            server()
