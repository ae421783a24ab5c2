"""Downloads a known data set: to a file beside its place, checked, and only then put there."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path

from harness.errors import DatasetError
from harness.model.datasets.known import KnownSet, RemoteFile
from harness.progress import progress_bar

TIMEOUT = 30.0
"""Seconds that a server may keep silent."""
MOST_BYTES = 2**33
"""Of what is downloaded where its size is not known, and of what an archive unpacks to."""
MOST_ENTRIES = 300_000
_BLOCK = 2**20


def fetch(known: KnownSet, timeout: float = TIMEOUT) -> list[str]:
    """Download what is not there yet, and unpack archives; a file that lies at its place already is taken.

    Returns:
        For each file, in words, what was done and checked.

    Raises:
        DatasetError: it can't be downloaded, or is not what it has to be; the text names the file to place, and where.
    """
    return [f"{file.name}: {_fetch(known, file, timeout)}" for file in known.files]


def _fetch(known: KnownSet, file: RemoteFile, timeout: float) -> str:
    place = known.place_of(file)
    if known.has(file):
        return "is there already"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=place.parent) as scratch:
            fetched = place if place.is_file() else _download(file, Path(scratch) / file.name, place, timeout)
            check(file, fetched)
            if file.is_archive:
                _unpack(known, fetched, Path(scratch) / "unpacked")
            else:
                fetched.rename(place)
    except OSError as error:
        raise DatasetError(f"{place}: {error.strerror or error}") from error
    return f"{known.place if file.is_archive else place}, checked by {file.known_by}"


def _download(file: RemoteFile, to: Path, place: Path, timeout: float) -> Path:
    most, done = file.nbytes or MOST_BYTES, 0
    try:
        with (
            progress_bar(f"downloading {file.name}") as show,
            urllib.request.urlopen(file.url, timeout=timeout) as answer,
            to.open("wb") as kept,
        ):
            while block := answer.read(_BLOCK):
                done += kept.write(block)
                show(done, most)
                if done > most:
                    break
    except (OSError, HTTPException) as error:
        raise DatasetError(
            f"{file.url} can't be fetched: {error}; get {file.name} elsewhere ({file.known_by}), put it at {place}, "
            "and say the same again"
        ) from error
    return to


def check(file: RemoteFile, path: Path) -> None:
    """Make sure that a file has the published checksum, or where there is none, the published size.

    Raises:
        DatasetError: it has not.
    """
    if file.checksum:
        algorithm, _, expected = file.checksum.partition(":")
        with path.open("rb") as content:
            found = hashlib.file_digest(content, algorithm).hexdigest()
        if found != expected:
            raise DatasetError(f"{path.name} of {file.url}: its {algorithm} is {found}, not {expected}; delete it")
    elif file.nbytes and path.stat().st_size != file.nbytes:
        size = path.stat().st_size
        raise DatasetError(f"{path.name} of {file.url}: has {size:,} bytes, not {file.nbytes:,}; delete it")


def _unpack(known: KnownSet, archive: Path, scratch: Path) -> None:
    """Unpack to a new folder, and move what is in it to the data set's place: its folder, or all."""
    scratch.mkdir()
    try:
        if archive.suffix == ".zip":
            _unzip(archive, scratch)
        else:
            _untar(archive, scratch)
    except DatasetError:
        raise
    except Exception as error:  # A hostile archive draws errors of many kinds.
        raise DatasetError(f"{archive.name}: can't be unpacked: {error}") from error
    inner = scratch / known.place.name
    shutil.move(inner if inner.is_dir() else scratch, known.place)


def _untar(archive: Path, folder: Path) -> None:
    """Plain files within the folder, and nothing else; `tarfile`'s own filter is not in Python 3.11.2 of Debian 12."""
    total, inside = 0, folder.resolve()
    with tarfile.open(archive) as packed:
        for number, entry in enumerate(packed):
            total += entry.size
            _check_amount(archive, number, total)
            path = inside / entry.name
            if not path.resolve().is_relative_to(inside):
                raise ValueError(f"{entry.name!r} would lie outside its folder")
            content = packed.extractfile(entry) if entry.isreg() else None
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with content, path.open("wb") as file:
                    shutil.copyfileobj(content, file)


def _unzip(archive: Path, folder: Path) -> None:
    """`zipfile` itself drops what would lead out of the folder."""
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        _check_amount(archive, len(entries), sum(entry.file_size for entry in entries))
        packed.extractall(folder)


def _check_amount(archive: Path, entries: int, total: int) -> None:
    if entries > MOST_ENTRIES or total > MOST_BYTES:
        raise DatasetError(f"{archive.name}: unpacks to more than {MOST_ENTRIES:,} files or {MOST_BYTES:,} bytes")
