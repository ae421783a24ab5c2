"""Zip archives from outside: read without believing what they say of their own size."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from harness.errors import ModelError
from harness.model.file_bounds import MOST_INFLATION

_SLACK = 2**16
_FAULTS = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError)


def read_members(path: Path) -> dict[str, bytes]:
    """What an archive holds, by name.

    Raises:
        ModelError: it is corrupt, a name is there twice, or it claims to unpack to more than 10 times its size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, path.stat().st_size)
            # zipfile stops at the size that an entry states, and checks its sum.
            return {entry.filename: archive.read(entry) for entry in entries}
    except _FAULTS as error:
        raise ModelError(f"is truncated or corrupt: {error}") from error


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len({entry.filename for entry in entries}) != len(entries):
        raise ModelError("holds a file twice")
    # Other methods take a dictionary of megabytes, whatever they unpack.
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise ModelError("is compressed in a way that model files are not")
    # zipfile asks for as many bytes as the entry states before it looks how many there are.
    if sum(entry.compress_size for entry in entries) > size:
        raise ModelError("is truncated or corrupt: its entries are larger than the file")
    if sum(entry.file_size for entry in entries) > MOST_INFLATION * size + _SLACK:
        raise ModelError(f"unpacks to more than {MOST_INFLATION} times its size")


def read_json(content: bytes, name: str) -> Any:
    """JSON from outside.

    Raises:
        ModelError: it is none, or nested too deeply.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is no valid JSON: {error}") from error
