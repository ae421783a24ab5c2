"""A limit on a quantity, as a user writes it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.value import Value


@dataclass(frozen=True)
class Constraint(Value):
    """`quantity relation bound`, such as `latency <= 120 ms` or `ram <= 50 %`.

    Attributes:
        relation: `<=` or `>=`.
        bound: in the quantity's SI unit, or a ratio where `relative`.
        relative: the bound is a share of the board's flash or RAM.
        text: as it was written.
    """

    quantity: str
    relation: str
    bound: float
    relative: bool
    text: str
