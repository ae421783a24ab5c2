"""Zip archives from outside: read without believing what they say of their own size."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from harness.errors import ModelError

MOST_INFLATION = 10
"""How many times its own size an archive may unpack to: weights hardly compress."""
_SLACK = 2**16
_FAULTS = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError)


def read_members(path: Path, wanted: tuple[str, ...] | None = None) -> dict[str, bytes]:
    """What an archive holds, by name.

    Args:
        wanted: only these members; None for all.

    Raises:
        ModelError: it is corrupt, a name is there twice, it unpacks to more than 10 times its size, or lacks a member.
    """
    most = MOST_INFLATION * path.stat().st_size + _SLACK
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len({entry.filename for entry in entries}) != len(entries):
                raise ModelError("holds a file twice")
            # Other methods take a dictionary of megabytes, whatever they unpack.
            if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
                raise ModelError("is compressed in a way that model files are not")
            if sum(entry.file_size for entry in entries) > most:
                raise ModelError(f"unpacks to more than {MOST_INFLATION} times its size")
            for entry in entries:
                if wanted is None or entry.filename in wanted:
                    # zipfile stops at the size that the entry states, and checks its sum.
                    found[entry.filename] = archive.read(entry)
    except _FAULTS as error:
        raise ModelError(f"is truncated or corrupt: {error}") from error
    lacking = [name for name in wanted or () if name not in found]
    if lacking:
        raise ModelError(f"lacks {', '.join(lacking)}")
    return found


def read_json(content: bytes, name: str) -> Any:
    """JSON from outside.

    Raises:
        ModelError: it is none, or nested too deeply.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is no valid JSON: {error}") from error
