"""One machine, several threads: the processor runs in slices, and debugger and analyzer come in between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turnstile:
    """A lock that visitors get before the runner, which is asked to make way for them."""

    def __init__(self, make_way: Callable[[], None]) -> None:
        """Make a turnstile; `make_way` has the runner end its slice early."""
        self._make_way = make_way
        self._lock = threading.Lock()
        self._counting = threading.Condition()
        self._visitors = 0
        self._visited = threading.Event()

    def contended(self) -> bool:
        """Somebody waits to visit."""
        return self._visitors > 0

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Have the machine for oneself, between two blocks."""
        with self._counting:
            self._visitors += 1
        self._make_way()
        self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()
            with self._counting:
                self._visitors -= 1
                self._counting.notify()
            self._visited.set()

    @contextmanager
    def run(self) -> Iterator[None]:
        """Run the machine, once nobody else wants it."""
        with self._counting:
            self._counting.wait_for(lambda: not self._visitors)
        with self._lock:
            self._visited.clear()
            yield

    def wait_for_visit(self, seconds: float) -> None:
        """Sleep until somebody has visited since the last run, at most so long."""
        self._visited.wait(seconds)
