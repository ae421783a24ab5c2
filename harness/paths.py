"""Where things are: the checkout's own folders, the user's cache and the user's data sets."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FIRMWARE = REPOSITORY / "firmware"
BOARDS = REPOSITORY / "lab" / "boards"
FAMILIES = REPOSITORY / "lab" / "families"
RACKS = REPOSITORY / "lab" / "racks"


def cache_directory() -> Path:
    """The content cache: `HARNESS_CACHE`, else `tinyml-harness` in the user's cache directory (XDG)."""
    if chosen := os.environ.get("HARNESS_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinyml-harness"


def data_directory() -> Path:
    """Where the user keeps data sets: `HARNESS_DATA`, else `tinyml-harness` in the user's data directory (XDG)."""
    if chosen := os.environ.get("HARNESS_DATA"):
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tinyml-harness"
