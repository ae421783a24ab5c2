"""TensorFlow without its chatter."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from harness.errors import ModelError

# oneDNN picks other kernels on other processors, and with them other rounding.
_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}


@contextmanager
def tensorflow_quietly(doing: str) -> Iterator[None]:
    """Import and use TensorFlow within: what it prints is kept, and shown only if it fails.

    A terminal sees `doing` meanwhile.

    Raises:
        ModelError: TensorFlow raised; the text has its words.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with _status(doing), tempfile.TemporaryFile() as log, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _redirected(log.fileno()):
            try:
                yield
            except (RuntimeError, ValueError, TypeError) as error:
                failure = error
            else:
                return
        log.seek(0)
        words = log.read().decode(errors="replace")[-2000:]
        raise ModelError(f"{doing}: TensorFlow failed: {failure}\n{words}".rstrip()) from failure


@contextmanager
def _redirected(target: int) -> Iterator[None]:
    """Send the process's standard output and error elsewhere: C++ writes past `sys.stderr`."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    try:
        for number, _ in kept:
            os.dup2(target, number)
        # Python's own streams may lead elsewhere, as under pytest.
        with open(target, "w", closefd=False) as log, redirect_stdout(log), redirect_stderr(log):
            yield
    finally:
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)


@contextmanager
def _status(doing: str) -> Iterator[None]:
    """A spinner, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with os.fdopen(os.dup(2), "w") as terminal, Console(file=terminal).status(doing):
        yield
