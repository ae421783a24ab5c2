"""Leases: one process at a time has a DUT. A lease is a lock on a file, and dies with its process in any case."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.board.rack import Rack, RackEntry
from harness.cache import sha256
from harness.errors import LeaseError

_POLL_S = 0.05


@contextmanager
def lease(rack: Rack, board: str, timeout: float, exclude: Collection[str] = ()) -> Iterator[RackEntry]:
    """Have a DUT of this board for oneself, waiting for one to become free.

    Args:
        rack: where from.
        board: the board's name.
        timeout: seconds to wait.
        exclude: names of DUTs that are not to be taken, because they failed before.

    Raises:
        LeaseError: the rack has no such DUT, or none became free in time; the text names who holds them.
    """
    candidates = [entry for entry in rack.duts if entry.board == board and entry.name not in exclude]
    if not candidates:
        excluded = f" (excluded: {', '.join(sorted(exclude))})" if exclude else ""
        raise LeaseError(f"rack {rack.name} has no DUT of board {board}{excluded}")
    deadline = time.monotonic() + timeout
    while True:
        for entry in candidates:
            handle = _try_lock(_lock_file(rack, entry))
            if handle is not None:
                try:
                    yield entry
                finally:
                    os.close(handle)
                return
        if time.monotonic() >= deadline:
            holders = ", ".join(f"{entry.name} by {_holder(_lock_file(rack, entry))}" for entry in candidates)
            raise LeaseError(f"no DUT of board {board} became free within {timeout:g} s; held: {holders}")
        time.sleep(_POLL_S)


def _lock_file(rack: Rack, entry: RackEntry) -> Path:
    """One file a DUT; silicon is known by its probe, so that two racks that list it exclude each other."""
    identity = f"probe {entry.probe}" if entry.probe else f"{rack.name} {entry.name}"
    return _lock_directory() / f"{entry.name}-{sha256(identity.encode())[:16]}.lock"


def _lock_directory() -> Path:
    """This user's own directory for locks; made once, refused if it is somebody else's."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    directory = base / f"tinyml-harness-{os.getuid()}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        foreign = directory.stat().st_uid != os.getuid() or directory.is_symlink()
    except OSError as error:
        raise LeaseError(f"{directory}: no place for the locks of a rack: {error.strerror}") from error
    if foreign:
        raise LeaseError(f"{directory} belongs to somebody else; set XDG_RUNTIME_DIR to a directory of your own")
    return directory


def _try_lock(path: Path) -> int | None:
    """The descriptor that holds the lock, not inherited by children; None if another process has it."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def _holder(path: Path) -> str:
    try:
        return f"process {path.read_text() or '?'}"
    except OSError:
        return "an unknown process"
