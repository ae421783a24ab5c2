"""The request lines from peripherals to DMA channels, and what connects the two."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final


class RequestLine:
    """One peripheral's request: up for as long as it wants a transfer.

    It is known by several keys where several channels can serve it. A key is what the controller's registers select it
    by: the input number of a multiplexer, or (controller, stream, selection).
    """

    def __init__(self, requests: DmaRequests, keys: tuple[Hashable, ...]) -> None:
        """Made by `DmaRequests.line`."""
        self._requests: Final = requests
        self._keys: Final = keys
        self._high = False

    def drive(self, high: bool) -> None:
        """Ask for a transfer, or no more."""
        if high != self._high:
            self._high = high
            for key in self._keys:
                self._requests.change(key, high)


class DmaRequests:
    """All request lines and channels of a chip."""

    def __init__(self) -> None:
        """No lines, no channels."""
        self._high: Final[set[Hashable]] = set()
        self._routes: Final[dict[Hashable, Hashable]] = {}
        self._channels: Final[dict[Hashable, Callable[[], None]]] = {}

    def line(self, *keys: Hashable) -> RequestLine:
        """A new request line with these keys."""
        return RequestLine(self, keys)

    def attach(self, channel: Hashable, serve: Callable[[], None]) -> None:
        """Add a channel, such as ("DMA1", 3); `serve` is called when the request that it is led goes up."""
        self._channels[channel] = serve

    def route(self, channel: Hashable, key: Hashable) -> None:
        """Lead a channel the request of this key."""
        if self._routes.get(channel) != key:
            self._routes[channel] = key
            if key in self._high and channel in self._channels:
                self._channels[channel]()

    def asked(self, channel: Hashable) -> bool:
        """Whether a transfer by this channel is asked for."""
        return self._routes.get(channel) in self._high

    def change(self, key: Hashable, high: bool) -> None:
        """A line goes up or down."""
        if not high:
            self._high.discard(key)
            return
        self._high.add(key)
        for channel, selected in self._routes.items():
            if selected == key and channel in self._channels:
                self._channels[channel]()
