"""Limits for looking at a file with a library in C that trusts it: only for a process that may be ended."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.model.file_bounds import MOST_INFLATION

SECONDS = 60
"""HDF5 can be made to read in circles, where no exception reaches it."""
SLACK = 2**22
"""Bytes that it may take beside 10 times the file: HDF5 has caches, and Python takes memory by the mebibyte."""
_PAGES = Path("/proc/self/statm")


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Let the body take 60 s, and memory that a file of this size explains.

    HDF5 makes room for what a file claims to have before it looks whether that is there; past the limit it finds none,
    and says so. Out of time this process ends with SIGALRM.
    """
    limits = resource.getrlimit(resource.RLIMIT_AS)
    if _PAGES.is_file():  # Not on macOS, where time alone is limited.
        now = int(_PAGES.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MOST_INFLATION * size + SLACK, limits[1]))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
