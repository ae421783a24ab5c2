"""Writing a page or an export so that nobody ever sees half of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from harness.errors import ResultsError


def write_whole(path: Path, content: bytes) -> Path:
    """Put a file in place in one step, with its folders, and return its path.

    Raises:
        ResultsError: the disk is full or refuses; a file that was there before is as it was.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(content)
        scratch.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise ResultsError(f"{path}: {error.strerror}") from error
    return path
