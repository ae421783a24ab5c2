"""Whether a candidate keeps a limit, and by how much."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.bench.quantities import QUANTITIES
from harness.explore.constraint import Constraint, parse_constraint
from harness.results.record import Capacity, Record
from harness.units import format_quantity
from harness.value import Value

_HOLDS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


class State(StrEnum):
    """What a measurement says of a limit."""

    HOLDS = "holds"
    VIOLATED = "violated"
    NOT_MEASURED = "not measured"
    """The candidate has no such measurement, so nothing shows that it keeps the limit: it counts as not kept."""


@dataclass(frozen=True)
class Verdict(Value):
    """One limit against one candidate.

    Attributes:
        bound: in the quantity's SI unit, also where the limit was given in per cent of a memory.
        value: what was measured, in the same unit; None where nothing was.
        provenance: of the measurement; None where there is none.
    """

    constraint: Constraint
    bound: float
    value: float | None
    provenance: Provenance | None
    state: State

    @property
    def holds(self) -> bool:
        """Whether the limit is known to be kept."""
        return self.state is State.HOLDS

    @property
    def margin(self) -> float | None:
        """Room left before the limit, in the quantity's SI unit; negative when it is violated."""
        if self.value is None:
            return None
        return self.bound - self.value if self.constraint.is_upper else self.value - self.bound

    @property
    def relative_margin(self) -> float | None:
        """The margin as a share of the bound; None where nothing was measured or the bound is 0."""
        return None if self.margin is None or self.bound == 0 else self.margin / abs(self.bound)

    def __str__(self) -> str:
        name = self.constraint.quantity
        if self.value is None:
            return f"{name} not measured, limit {self.constraint}"
        return f"{name} {show(name, self.value)}, limit {self.constraint}{_by_how_much(self)}"


def evaluate(constraint: Constraint, measurements: Iterable[Measurement], capacity: Capacity) -> Verdict:
    """Hold a limit against the measurements of a candidate on a board with this capacity.

    A value that is not a number violates every limit.
    """
    bound = constraint.bound
    if constraint.relative:
        bound *= capacity.of(constraint.quantity)
    found = next((one for one in measurements if one.quantity == constraint.quantity), None)
    if found is None:
        return Verdict(constraint, bound, None, None, State.NOT_MEASURED)
    state = State.HOLDS if _HOLDS[constraint.relation](found.value, bound) else State.VIOLATED
    return Verdict(constraint, bound, found.value, found.provenance, state)


def judge(record: Record) -> tuple[Verdict, ...]:
    """Every limit of a record against its measurements.

    Raises:
        ConfigError: the record carries a limit that can't be read.
    """
    return tuple(evaluate(parse_constraint(limit), record.measurements, record.capacity) for limit in record.limits)


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """`passed` when all limits are kept, else `constraint failed` with those that are not."""
    broken = [str(verdict) for verdict in verdicts if not verdict.holds]
    return Outcome(Status.CONSTRAINT_FAILED, "; ".join(broken)) if broken else Outcome(Status.PASSED)


def show(quantity: str, value: float, digits: int = 4) -> str:
    """A value of a quantity for people: `34.2 ms`, `61.5 KiB`, `95.5 %`."""
    if QUANTITIES[quantity].share:
        return f"{value * 100:.{digits}g} %"
    return format_quantity(value, QUANTITIES[quantity].unit, digits)


def show_share(share: float) -> str:
    """A ratio in per cent, with enough digits that almost nothing does not read as nothing, nor almost all as all."""
    if 0.995 <= abs(share) < 1:
        return f"{share * 100:.3g} %"
    return f"{share * 100:.0f} %" if abs(share) >= 0.1 else f"{share * 100:.2g} %"


def _by_how_much(verdict: Verdict) -> str:
    margin = verdict.relative_margin
    if margin is None or not math.isfinite(margin):
        return ""
    return f" ({show_share(abs(margin))} {'to spare' if verdict.holds else 'beyond it'})"
