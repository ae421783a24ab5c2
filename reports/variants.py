"""What was done to a model to get a variant, what it brought in size and speed, and what it cost in accuracy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reports.view import NOTHING, Row, clean


@dataclass(frozen=True)
class VariantRow:
    """One candidate whose model is known.

    Attributes:
        cost: how its accuracy on the board differs from that of the model as it was trained, in points.
        speed: how many times fewer cycles it takes.
        made: the steps, joined.
    """

    row: Row
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
    if plain is None or plain is row:
        return VariantRow(row, NOTHING, NOTHING, made)
    accuracy, cycles = (_pair(row, plain, quantity) for quantity in ("accuracy", "cycles"))
    return VariantRow(
        row,
        cost=f"{(accuracy[0] - accuracy[1]) * 100:+.1f} points" if accuracy else NOTHING,
        speed=f"{cycles[1] / cycles[0]:.2f}" if cycles and cycles[0] else NOTHING,
        made=made,
    )


def _pair(row: Row, plain: Row, quantity: str) -> tuple[float, float] | None:
    found = row.record.measurement(quantity), plain.record.measurement(quantity)
    return None if found[0] is None or found[1] is None else (found[0].value, found[1].value)
