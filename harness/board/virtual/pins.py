"""The chip's pins as seen from outside: levels it drives, edges with their cycles, levels put on its inputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_KEPT_EDGES = 65536


@dataclass(frozen=True)
class Edge:
    """A pin began to be driven to a level at a cycle, `seconds` after power on."""

    port: str
    pin: int
    level: bool
    cycle: int
    seconds: float


class Pins:
    """All ports of a chip.

    Attributes:
        edges: the last 65536 edges of driven levels, oldest first.
        ports: names in the order in which they were added; their index is what board files call a port's number.
    """

    def __init__(self, stamp: Callable[[], tuple[int, float]]) -> None:
        """Stamp edges with (cycle, seconds)."""
        self._stamp: Final = stamp
        self._watchers: dict[tuple[str, int], list[Callable[[bool], None]]] = {}
        self._inputs: dict[tuple[str, int], bool] = {}
        self._on_input: dict[str, Callable[[int, bool], None]] = {}
        self._listeners: list[Callable[[int, int, bool], None]] = []
        self.edges: Final[deque[Edge]] = deque(maxlen=_KEPT_EDGES)
        self.ports: Final[list[str]] = []

    def add_port(self, name: str, on_input: Callable[[int, bool], None]) -> None:
        """A port that drives pins, and is told of (pin, level) put on them from outside."""
        self.ports.append(name)
        self._on_input[name] = on_input

    def watch(self, port: str, pin: int, on_level: Callable[[bool], None]) -> None:
        """Be told of the levels that one pin is driven to."""
        self._watchers.setdefault((port, pin), []).append(on_level)

    def driven(self, port: str, pin: int, level: bool) -> None:
        """A port drives a pin to another level than before."""
        cycle, seconds = self._stamp()
        self.edges.append(Edge(port, pin, level, cycle, seconds))
        for watcher in self._watchers.get((port, pin), ()):
            watcher(level)

    def listen(self, on_change: Callable[[int, int, bool], None]) -> None:
        """Be told of (port's index, pin, level) when a level is put on a pin from outside."""
        self._listeners.append(on_change)

    def put(self, port: str, pin: int, level: bool) -> None:
        """Drive an input of the chip from outside; a pin that nobody drives reads high."""
        if self._inputs.get((port, pin), True) == level:
            return
        self._inputs[port, pin] = level
        self._on_input[port](pin, level)
        for listener in self._listeners:
            listener(self.ports.index(port), pin, level)
