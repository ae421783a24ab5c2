"""One machine, several threads: the processor runs in slices, and debugger and analyzer come in between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turnstile:
    """A lock that visitors get before the runner, which is asked to make way for them."""

    def __init__(self, make_way: Callable[[], None], runnable: Callable[[], bool]) -> None:
        """Make a turnstile; `make_way` ends the runner's slice early, `runnable` tells if it has anything to run."""
        self._make_way = make_way
        self._runnable = runnable
        self._lock = threading.Lock()
        self._counting = threading.Condition()
        self._visitors = 0
        self._started = threading.Event()
        self._stopped = threading.Event()

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
            if self._runnable():
                self._stopped.clear()
                self._started.set()
            self._lock.release()
            with self._counting:
                self._visitors -= 1
                self._counting.notify()

    @contextmanager
    def run(self) -> Iterator[None]:
        """Run the machine, once nobody else wants it."""
        with self._counting:
            self._counting.wait_for(lambda: not self._visitors)
        with self._lock:
            yield
            if not self._runnable():
                self._started.clear()
                self._stopped.set()

    def wait_for_start(self, seconds: float) -> None:
        """Sleep until a visitor has left something to run, at most so long."""
        self._started.wait(seconds)

    def wait_for_stop(self, seconds: float) -> None:
        """Sleep until there is nothing left to run, at most so long."""
        self._stopped.wait(seconds)
