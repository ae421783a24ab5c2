"""How a benchmark case ended, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.value import Value


class Status(StrEnum):
    """The ways a case can end."""

    PASSED = "passed"
    CONSTRAINT_FAILED = "constraint failed"
    DOES_NOT_FIT = "does not fit"
    UNSUPPORTED = "unsupported"
    BUILD_FAILED = "build failed"
    WRONG_OUTPUT = "wrong output"
    FIRMWARE_FAILED = "firmware failed"
    """The firmware hung or took a fault on a board that works."""
    INVALID_INPUT = "invalid input"
    """The user's model or data set can't be read."""
    INFRASTRUCTURE_ERROR = "infrastructure error"
    """Board, cable, probe or power: retried elsewhere, never counted against the model."""


@dataclass(frozen=True)
class Outcome(Value):
    """How a case ended.

    Attributes:
        reason: one line for people; empty when passed.
        missing_bytes: what a memory lacks, for `DOES_NOT_FIT`.
    """

    status: Status
    reason: str = ""
    missing_bytes: int = 0
