"""Progress for people at a terminal, and silence everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO, TypeVar

Item = TypeVar("Item")
TerminalSource = Callable[[], AbstractContextManager[TextIO | None]]


@contextmanager
def _standard_error() -> Iterator[TextIO | None]:
    yield sys.stderr if sys.stderr.isatty() else None


_terminal: TerminalSource = _standard_error


def use_terminal(source: TerminalSource) -> None:
    """Say where progress is shown: a context that yields a terminal, or None for silence (pytest captures stderr)."""
    global _terminal
    _terminal = source


@contextmanager
def status(text: str) -> Iterator[None]:
    """Show a spinner and a text while the body runs."""
    with _terminal() as terminal:
        if terminal is None:
            yield
            return
        from rich.console import Console

        with Console(file=terminal).status(text):
            yield


def track(items: Iterable[Item], text: str, total: int) -> Iterator[Item]:
    """Pass the items through, with a bar of how many of `total` have gone and the time left."""
    with _terminal() as terminal:
        if terminal is None:
            yield from items
            return
        from rich.console import Console
        from rich.progress import track as rich_track

        yield from rich_track(items, text, total, console=Console(file=terminal), transient=True)


class Show(Protocol):
    """Shows how many of how many are done, and a note on them."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def _show_nothing(done: int, total: int, note: str = "") -> None:
    """Where nobody looks."""


@contextmanager
def progress_bar(text: str) -> Iterator[Show]:
    """Give a function that shows how far something is, with a bar and the time left."""
    with _terminal() as terminal:
        if terminal is None:
            yield _show_nothing
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(file=terminal), transient=True) as bars:
            bar = bars.add_task(text, total=None)

            def show(done: int, total: int, note: str = "") -> None:
                bars.update(bar, completed=done, total=total, description=f"{text} {note}".rstrip())

            yield show
