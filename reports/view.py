"""What the pages show of records, in words and numbers: made once, so that HTML and terminal say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from harness.bench.measurement import Provenance
from harness.bench.quantities import METRICS, QUANTITIES
from harness.explore.summary import Assessment, Standing, assess
from harness.explore.verdict import State, Verdict, show, show_share
from harness.results.record import Candidate, Record

MARKS = {Standing.FRONT: "●", Standing.DOMINATED: "○", Standing.INFEASIBLE: "✕", Standing.NOT_MEASURED: "\N{EN DASH}"}
MEANINGS = {
    Standing.FRONT: "feasible, on the Pareto front",
    Standing.DOMINATED: "feasible, but dominated",
    Standing.INFEASIBLE: "infeasible: breaks a limit or failed",
    Standing.NOT_MEASURED: "not measured",
}
PROVENANCES = {
    Provenance.MEASURED: "on silicon, or counted exactly in the firmware image",
    Provenance.SIMULATED: "on a virtual board",
    Provenance.ESTIMATED: "by a model, without running the firmware",
}
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Number:
    """One value in a table.

    Attributes:
        text: with its unit; `NOTHING` where there is none.
        detail: what stands beside it, such as the spread or the share of the board's memory.
        provenance: None where there is no value.
    """

    text: str = NOTHING
    detail: str = ""
    provenance: Provenance | None = None


@dataclass(frozen=True)
class Row:
    """One candidate as the pages show it.

    Attributes:
        key: unique on a page and the same in every report of the run.
        label: tells the candidate from the others of its model.
    """

    key: str
    label: str
    assessment: Assessment

    @property
    def record(self) -> Record:
        return self.assessment.record

    @property
    def title(self) -> str:
        """Model and label."""
        return f"{clean(self.record.candidate.model)} {self.label}"

    @property
    def status(self) -> str:
        """How the case ended."""
        return str(self.record.outcome.status)

    @property
    def reason(self) -> str:
        """Why, without saying the status again; empty when passed."""
        return clean(self.record.outcome.reason).removeprefix(f"{self.status}: ")

    @property
    def marks(self) -> tuple[tuple[str, Standing, str], ...]:
        """For each plane its name, where the candidate stands, and the mark for it."""
        return tuple((plane, standing, MARKS[standing]) for plane, standing in self.assessment.standings.items())

    @property
    def metrics(self) -> tuple[str, ...]:
        """The quantities that say how right its answers are; what counts first."""
        return tuple(one.quantity for one in self.record.metrics)

    def number(self, quantity: str, digits: int = 3) -> Number:
        """A measurement, with its spread when its samples differ, or its share of the board's memory."""
        found = self.record.measurement(quantity)
        if found is None:
            return Number()
        detail = ""
        if capacity := self.record.capacity.of(quantity):
            detail = show_share(found.value / capacity)
        elif found.spread > 0:
            detail = f"spread {show(quantity, found.spread, 2)}"
        return Number(show(quantity, found.value, digits), detail, found.provenance)

    def share(self, quantity: str) -> Number:
        """A measurement as a share of the board's memory alone."""
        found = self.number(quantity)
        return Number(found.detail or NOTHING, "", found.provenance)


@dataclass(frozen=True)
class Group:
    """The candidates of one model, which compete with each other."""

    model: str
    rows: tuple[Row, ...]


def groups(records: Iterable[Record]) -> tuple[Group, ...]:
    """The candidates by model, sorted, each labelled with the fields in which those of its model differ.

    Raises:
        ConfigError: a record carries a limit that can't be read.
    """
    by_model: dict[str, list[Assessment]] = {}
    for assessment in assess(records):
        by_model.setdefault(assessment.record.candidate.model, []).append(assessment)
    found = []
    for number, (model, members) in enumerate(by_model.items(), 1):
        labels = _labels([member.record.candidate for member in members])
        pairs = enumerate(zip(labels, members, strict=True), 1)
        rows = [Row(f"c{number}-{index}", label, one) for index, (label, one) in pairs]
        found.append(Group(clean(model), tuple(rows)))
    return tuple(found)


def _labels(candidates: Sequence[Candidate]) -> list[str]:
    names = [field.name for field in fields(Candidate) if field.name != "model"]
    told = [name for name in names if len({getattr(candidate, name) for candidate in candidates}) > 1]
    always = ("quantization",) if told else ("quantization", "board")
    shown = [name for name in names if name in told or name in always]
    labels = [clean(" ".join(filter(None, (getattr(candidate, name) for name in shown)))) for candidate in candidates]
    repeated = Counter(labels)
    return [f"{label} ({number})" if repeated[label] > 1 else label for number, label in enumerate(labels, 1)]


def tally(rows: Iterable[Row]) -> str:
    """How the cases ended, as `7 passed, 2 constraint failed`."""
    counts = Counter(row.status for row in rows)
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())


def limit_columns(rows: Iterable[Row]) -> tuple[tuple[str, bool], ...]:
    """The limited quantities and on which side (True: upper bound), in the order in which quantities are declared."""
    seen = {(one.constraint.quantity, one.constraint.is_upper) for row in rows for one in row.assessment.verdicts}
    order = list(QUANTITIES)
    return tuple(sorted(seen, key=lambda column: (order.index(column[0]), not column[1])))


def measured_columns(rows: Sequence[Row]) -> dict[str, str]:
    """What the table of measurements shows, with its headings: of metrics those of any candidate, or accuracy."""
    judged = {quantity for row in rows for quantity in row.metrics} or {"accuracy"}
    metrics = {quantity: name for quantity, name in METRICS.items() if quantity in judged}
    sizes = {"flash": "flash", "ram": "RAM", "arena": "arena", "arena_lower_bound": "lower bound", "stack": "stack"}
    likeness = {"argmax_agreement": "agreement with host", "max_difference": "largest difference"}
    if any(row.record.measurement("runtime_difference") for row in rows):
        likeness["runtime_difference"] = "from its own runtime"
    return {"latency": "latency", "energy": "energy", **sizes, **metrics, **likeness}


def margin(verdict: Verdict) -> str:
    """How far a verdict is from its limit, in words."""
    if verdict.state is State.NOT_MEASURED:
        return str(State.NOT_MEASURED)
    share = verdict.relative_margin
    if share is None:
        return "kept" if verdict.holds else "not kept"
    if share != share:
        return "not a number"
    return f"{show_share(abs(share))} {'to spare' if verdict.holds else 'beyond it'}"


def clean(text: str) -> str:
    """A text from outside as one line without control characters: a terminal would obey them."""
    return "".join(" " if one.isspace() else one if one.isprintable() else "\ufffd" for one in text)
