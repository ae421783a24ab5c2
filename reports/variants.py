"""What was done to get a variant, what it brought in size and speed, and what it cost in accuracy or the like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from harness.bench.quantities import METRICS, QUANTITIES
from reports.view import NOTHING, Number, Row, clean


@dataclass(frozen=True)
class VariantRow:
    """One candidate whose model is known.

    Attributes:
        metric: what its answers are judged by, for people; empty where they are not.
        on_host, on_board: how right they are.
        cost: how that differs on the board from the model as it was trained; of accuracy in points.
        speed: how many times fewer cycles it takes.
        made: the steps, joined.
    """

    row: Row
    metric: str
    on_host: Number
    on_board: Number
    cost: str
    speed: str
    made: str


def variant_rows(rows: Iterable[Row]) -> tuple[VariantRow, ...]:
    """The candidates of a model, each beside the one that differs in the recipe alone, where that was measured too."""
    known = [row for row in rows if row.record.made]
    plain = {row.record.candidate: row for row in known}
    return tuple(_beside(row, plain.get(replace(row.record.candidate, optimize=""))) for row in known)


def _beside(row: Row, plain: Row | None) -> VariantRow:
    made = clean("; ".join(row.record.made))
    metric = row.metrics[0] if row.metrics else "accuracy"
    judged = METRICS[metric] if row.metrics else "", row.number(f"host_{metric}"), row.number(metric)
    if plain is None or plain is row:
        return VariantRow(row, *judged, NOTHING, NOTHING, made)
    cycles = _pair(row, plain, "cycles")
    return VariantRow(
        row,
        *judged,
        cost=_cost(metric, _pair(row, plain, metric)),
        speed=f"{cycles[1] / cycles[0]:.2f}" if cycles and cycles[0] else NOTHING,
        made=made,
    )


def _cost(metric: str, values: tuple[float, float] | None) -> str:
    if values is None:
        return NOTHING
    difference = values[0] - values[1]
    return f"{difference * 100:+.1f} points" if QUANTITIES[metric].share else f"{difference:+.2g}"


def _pair(row: Row, plain: Row, quantity: str) -> tuple[float, float] | None:
    found = row.record.measurement(quantity), plain.record.measurement(quantity)
    return None if found[0] is None or found[1] is None else (found[0].value, found[1].value)
