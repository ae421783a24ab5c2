"""What came of one check of a self-test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
        what: was checked.
        seen: what was found, for people.
    """

    what: str
    good: bool
    seen: str
