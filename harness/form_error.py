"""What pydantic finds wrong with a file, in words for the one who wrote it."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

Location = tuple[int | str, ...]


def dotted(location: Location) -> str:
    """Where in the file, as `memories.0.size`."""
    return ".".join(str(part) for part in location)


def describe(
    error: ValidationError,
    path: Path,
    most: int | None = None,
    key_of: Callable[[Location], str] = dotted,
    known: Collection[str] = (),
) -> str:
    """What is wrong with a file, one line a key, with what was expected and what was found.

    Args:
        most: so many lines at most, and one that says how many more there are.
        known: keys to suggest for those that there are not.
    """
    problems = error.errors(include_url=False)
    lines = []
    for problem in problems[:most]:
        key = key_of(problem["loc"]) or "the file"
        message = problem["msg"]
        if problem["type"] == "extra_forbidden" and known:
            likely = difflib.get_close_matches(str(problem["loc"][-1]), known, 1)
            message = f"is no key here{f'; did you mean {likely[0]}?' if likely else ''}"
        # Not the whole value: aliases of YAML can make it larger than the host's memory.
        lines.append(f"{path}: {key}: {message} (found {reprlib.repr(problem['input']):.60})")
    if most is not None and len(problems) > most:
        lines.append(f"{path}: and {len(problems) - most} more")
    return "\n".join(lines)
