"""A cache addressed by content: what was made once from the same inputs is never made again."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ConfigError
from harness.paths import cache_directory

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_files(*files: Path) -> str:
    """One SHA-256 over the names and contents of some files; directories count with all they hold."""
    digest = hashlib.sha256()
    for root in files:
        for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.name.encode() + b"\0" + sha256(file.read_bytes()).encode())
    return digest.hexdigest()


def cached(kind: str, key: Mapping[str, object], make: Callable[[Path], None]) -> Path:
    """The directory that `make` fills for this key, made at most once, also by several processes at a time.

    Args:
        kind: the folder within the cache, such as `firmware`.
        key: everything the result depends on (hashes of inputs, options, tool versions), as JSON values.
        make: fills the empty directory it is given; if it raises, nothing is kept.

    Raises:
        ConfigError: the disk is full or the cache may not be written.
    """
    name = sha256(json.dumps(key, sort_keys=True).encode())[:32]
    entry = cache_directory() / kind / name
    if not entry.is_dir():
        try:
            _make_entry(entry, key, make)
        except OSError as error:
            if error.errno not in _DISK_ERRORS:
                raise
            raise ConfigError(
                f"the cache in {cache_directory()} can't be written: {error.strerror}; "
                "make room, or name another place in HARNESS_CACHE"
            ) from error
    return entry


def _make_entry(entry: Path, key: Mapping[str, object], make: Callable[[Path], None]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with _locked(entry.with_suffix(".lock")):
        if entry.is_dir():
            return
        scratch = Path(tempfile.mkdtemp(prefix=f"{entry.name}.", dir=entry.parent))
        try:
            make(scratch)
            (scratch / "key.json").write_text(json.dumps(key, sort_keys=True, indent=1))
            scratch.rename(entry)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
