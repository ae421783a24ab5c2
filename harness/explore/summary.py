"""What a set of records comes to: verdicts, feasibility and Pareto fronts, said once for every page and terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.bench.measurement import Provenance
from harness.bench.outcome import Status
from harness.bench.quantities import METRICS, QUANTITIES, Better
from harness.explore.pareto import pareto_front
from harness.explore.verdict import Verdict, judge
from harness.results.record import Record


@dataclass(frozen=True)
class Objective:
    """A quantity to improve.

    Attributes:
        relative: as a share of the board's memory, so that boards of different sizes compare.
    """

    quantity: str
    relative: bool = False

    @property
    def better(self) -> Better:
        """Which way it improves."""
        return QUANTITIES[self.quantity].better

    def value(self, record: Record) -> float | None:
        """Of a record, in the SI unit or as a share; None where it was not measured."""
        found = record.measurement(self.quantity)
        if found is None:
            return None
        if not self.relative:
            return found.value
        capacity = record.capacity.of(self.quantity)
        return found.value / capacity if capacity else None


@dataclass(frozen=True)
class Plane:
    """Two objectives that are traded against each other.

    Attributes:
        name: short, for people; unique.
    """

    name: str
    x: Objective
    y: Objective


def planes_of(records: Iterable[Record]) -> tuple[Plane, ...]:
    """What these records are compared in: latency against what counts of each task, accuracy if nothing was judged."""
    judged = {record.metrics[0].quantity for record in records if record.metrics} or {"accuracy"}
    metrics = ((quantity, name) for quantity, name in METRICS.items() if quantity in judged)
    return (
        Plane("latency and energy", Objective("latency"), Objective("energy")),
        *(Plane(f"latency and {name}", Objective("latency"), Objective(quantity)) for quantity, name in metrics),
        Plane("flash and RAM", Objective("flash", relative=True), Objective("ram", relative=True)),
    )


class Standing(StrEnum):
    """Where a candidate stands in a plane."""

    FRONT = "on the front"
    """Feasible, and no other feasible candidate for the same task dominates it."""
    DOMINATED = "dominated"
    """Feasible, but another one is at least as good in both objectives and better in one."""
    INFEASIBLE = "infeasible"
    """It breaks a limit or failed otherwise, so it is no choice, however good its numbers."""
    NOT_MEASURED = "not measured"
    """One of the two objectives has no value."""


@dataclass(frozen=True)
class Assessment:
    """A record and what follows from it.

    Attributes:
        feasible: it passed, and every limit is kept.
        standings: by the name of the plane.
    """

    record: Record
    verdicts: tuple[Verdict, ...]
    feasible: bool
    standings: Mapping[str, Standing]

    @property
    def provenances(self) -> frozenset[Provenance]:
        """The kinds of numbers that it holds."""
        return frozenset(one.provenance for one in self.record.measurements)


def by_model(record: Record) -> str:
    """The task of a record: candidates of one model compete, those of different models do different work."""
    return record.candidate.model


def assess(records: Iterable[Record], task: Callable[[Record], str] = by_model) -> tuple[Assessment, ...]:
    """Judge records against their limits and each other, on the planes of `planes_of`.

    Args:
        records: one a case; of several of the same case the last counts.
        task: records compete for a front only where this gives the same.

    Returns:
        sorted by candidate and case, so that the order in which workers finished does not show.

    Raises:
        ConfigError: a record carries a limit that can't be read.
    """
    latest = {record.case: record for record in records}.values()
    ordered = sorted(latest, key=lambda record: (*vars(record.candidate).values(), record.case))
    verdicts = [judge(record) for record in ordered]
    feasible = [
        record.outcome.status is Status.PASSED and all(verdict.holds for verdict in judged)
        for record, judged in zip(ordered, verdicts, strict=True)
    ]
    standings = [dict[str, Standing]() for _ in ordered]
    for plane in planes_of(ordered):
        for index, standing in enumerate(_standings(ordered, feasible, plane, task)):
            standings[index][plane.name] = standing
    return tuple(map(Assessment, ordered, verdicts, feasible, standings))


def _standings(
    records: Sequence[Record], feasible: Sequence[bool], plane: Plane, task: Callable[[Record], str]
) -> list[Standing]:
    import numpy as np

    values = [(plane.x.value(record), plane.y.value(record)) for record in records]
    points = np.array([[np.nan if value is None else value for value in pair] for pair in values]).reshape(-1, 2)
    tasks = np.array([task(record) for record in records])
    front = np.zeros(len(records), dtype=bool)
    for one in set(tasks.tolist()):
        members = np.flatnonzero((tasks == one) & np.array(feasible))
        front[members] = pareto_front(points[members], (plane.x.better, plane.y.better))
    measured = ~np.isnan(points).any(axis=1)
    return [_standing(*facts) for facts in zip(measured.tolist(), feasible, front.tolist(), strict=True)]


def _standing(measured: bool, feasible: bool, on_front: bool) -> Standing:
    if not measured:
        return Standing.NOT_MEASURED
    if not feasible:
        return Standing.INFEASIBLE
    return Standing.FRONT if on_front else Standing.DOMINATED
