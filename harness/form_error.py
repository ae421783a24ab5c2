"""What pydantic finds wrong with a file, in words for the one who wrote it."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def describe(error: ValidationError, path: Path, most: int | None = None) -> str:
    """What is wrong with a file, one line a key, with what was expected and what was found; so many lines at most."""
    problems = error.errors(include_url=False)
    lines = []
    for problem in problems[:most]:
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        # Not the whole value: aliases of YAML can make it larger than the host's memory.
        lines.append(f"{path}: {key}: {problem['msg']} (found {reprlib.repr(problem['input']):.60})")
    if most is not None and len(problems) > most:
        lines.append(f"{path}: and {len(problems) - most} more")
    return "\n".join(lines)
