"""Reading what others wrote: never more than a file really holds, and one error that names it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.errors import DatasetError

MOST_BYTES = 2**30
"""Of what is read of one data set."""
MOST_FILES = 200_000

_DEFLATE_RATIO = 1032
"""How many bytes deflate can make of one at most (zlib.net/zlib_tech.html)."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a file into a `DatasetError` that names it."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """The file's bytes, unpacked where its name ends in `.gz`.

    Raises:
        DatasetError: it can't be read; raised in the body, too.
    """
    with explained(path), path.open("rb") as file:
        if path.suffix != ".gz":
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked


def check_room(path: Path, expected: int, what: str) -> None:
    """Make sure, before room is made for them, that a file can hold so many bytes.

    Raises:
        DatasetError: it can't, or they are more than `MOST_BYTES`.
    """
    with explained(path):
        size = path.stat().st_size
    if expected > MOST_BYTES:
        raise DatasetError(f"{path}: {what} takes {expected:,} bytes, more than {MOST_BYTES:,}; give a smaller one")
    if path.suffix == ".gz":
        if expected > size * _DEFLATE_RATIO:
            raise DatasetError(f"{path}: {what} takes {expected:,} bytes, more than the {size:,} here can unpack to")
    elif expected > size:
        raise DatasetError(f"{path}: {what} takes {expected:,} bytes, but there are {size:,}")


def read_whole(path: Path, most: int = MOST_BYTES) -> bytes:
    """All bytes of a plain file that is not larger than `most`.

    Raises:
        DatasetError: it is larger, or can't be read.
    """
    with explained(path):
        size = path.stat().st_size
        if size > most:
            raise DatasetError(f"{path}: has {size:,} bytes, more than {most:,}")
        return path.read_bytes()


def files_in(folder: Path, *suffixes: str) -> list[Path]:
    """The plain files of a folder with one of these suffixes (in lower case), by name; links that leave it are refused.

    Raises:
        DatasetError: the folder can't be read, a link leaves it, or it has more than `MOST_FILES`.
    """
    with explained(folder):
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.is_file())
        if len(found) > MOST_FILES:
            raise DatasetError(f"{folder}: has more than {MOST_FILES:,} files; give a smaller data set")
        for path in found:
            check_link(folder, path)
    return found


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name; none whose name begins with a dot.

    Raises:
        DatasetError: as `files_in`.
    """
    with explained(folder):
        found = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        for path in found:
            check_link(folder, path)
    return found


def check_link(folder: Path, path: Path) -> None:
    """Make sure that a path within a folder does not lead out of it.

    Raises:
        DatasetError: it does.
    """
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(f"{path}: is a link that leaves {folder}")
