"""Where things are: the checkout's own folders and the user's cache."""

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
