"""From what a case raised to the outcome that is recorded, and from the outcome to what pytest shows."""

from __future__ import annotations

from harness.bench.outcome import Outcome, Status
from harness.errors import (
    BuildError,
    DoesNotFitError,
    FirmwareError,
    HarnessError,
    InfrastructureError,
    UnsupportedModelError,
)

INFEASIBLE = frozenset({Status.CONSTRAINT_FAILED, Status.DOES_NOT_FIT, Status.UNSUPPORTED})
"""Outcomes that are an answer when exploring: not within the limits, or not claimed by the backend."""


class CaseFailed(HarnessError):  # noqa: N818 - it carries an outcome; it is not an error of the harness
    """A case was measured whole and did not pass."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def outcome_of(error: BaseException | None) -> Outcome:
    """The outcome of a case that ended with this exception, or with none."""
    match error:
        case None:
            return Outcome(Status.PASSED)
        case CaseFailed():
            return error.outcome
        case DoesNotFitError():
            return Outcome(Status.DOES_NOT_FIT, str(error), error.missing_bytes)
        case UnsupportedModelError():
            return Outcome(Status.UNSUPPORTED, str(error))
        case BuildError():
            return Outcome(Status.BUILD_FAILED, str(error))
        case FirmwareError():
            return Outcome(Status.FIRMWARE_FAILED, str(error))
        case InfrastructureError():
            return Outcome(Status.INFRASTRUCTURE_ERROR, str(error))
        case HarnessError():
            return Outcome(Status.INVALID_INPUT, str(error))
        case AssertionError():
            return Outcome(Status.CONSTRAINT_FAILED, str(error).partition("\n")[0] or "assertion failed")
        case _:
            return Outcome(Status.INFRASTRUCTURE_ERROR, f"{type(error).__name__}: {error}")
