"""Files of lines that many processes append to, safe against a kill at any byte.

A line counts once its newline is on disk: the next append cuts off whatever follows the last newline.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ResultsError

_BLOCK = 65536


def append_line(path: Path, line: bytes) -> None:
    """Append one line as a whole or not at all, one process at a time, and wait until it is on disk.

    Raises:
        ResultsError: the disk is full or refuses.
    """
    try:
        with _locked_for_append(path) as handle:
            end = _cut_torn_line(handle)
            try:
                _write_all(handle, line + b"\n")
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, end)
                raise
    except OSError as error:
        raise ResultsError(
            f"{path}: the record could not be written: {error.strerror}; earlier records are intact. "
            "Make room, then go on with --resume"
        ) from error


@contextmanager
def _locked_for_append(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _cut_torn_line(handle: int) -> int:
    """Cut the file after its last newline, and return its size."""
    size = os.fstat(handle).st_size
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(handle, end)
    return end


def _write_all(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]
