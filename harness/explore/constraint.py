"""A limit on a quantity, as a user writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from harness.bench.quantities import QUANTITIES, Quantity
from harness.errors import ConfigError
from harness.units import UNITS, parse_quantity
from harness.value import Value

EXAMPLES = "'latency <= 120 ms', 'ram <= 50 %' or 'accuracy >= 90 %'"

_CONSTRAINT = re.compile(r"\s*([^\s<>=≤≥]+)\s*([<>=≤≥!]+)\s*(.*?)\s*", re.DOTALL)
_RELATIONS = {"<=": "<=", ">=": ">=", "<": "<", ">": ">", "≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}
_DIMENSIONS = {"s": "a time", "B": "a size", "J": "an energy", "W": "a power", "1": "a plain number"}


@dataclass(frozen=True)
class Constraint(Value):
    """`quantity relation bound`, such as `latency <= 120 ms` or `ram <= 50 %`.

    Attributes:
        relation: `<=`, `>=`, `<` or `>`.
        bound: in the quantity's SI unit, or a ratio where `relative`.
        relative: the bound is a share of the board's flash or RAM.
        text: as it was written.
    """

    quantity: str
    relation: str
    bound: float
    relative: bool
    text: str

    @property
    def is_upper(self) -> bool:
        """Whether the quantity has to stay below the bound."""
        return self.relation in ("<=", "<")

    def __str__(self) -> str:
        return self.text


def parse_constraint(text: str) -> Constraint:
    """Read `latency <= 120 ms`, `ram <= 50 %` (of the board's memory) or `accuracy >= 90 %` (the ratio 0.9).

    Raises:
        ConfigError: no such quantity or unit, or a unit that does not measure the quantity; the text names what is
            known.
    """
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        raise ConfigError(f"{text!r} is not a limit: write a quantity, a relation and a bound, such as {EXAMPLES}")
    name, sign, bound = match.groups()
    if name not in QUANTITIES:
        raise ConfigError(f"{text!r}: {_unknown_quantity(name)}")
    if sign not in _RELATIONS:
        raise ConfigError(f"{text!r}: unknown relation {sign!r}; use <= or >=")
    try:
        value, unit = parse_quantity(bound)
        _check_bound(name, QUANTITIES[name], bound, value, unit)
    except ConfigError as error:
        raise ConfigError(f"{text!r}: {error}") from error
    relative = bool(QUANTITIES[name].capacity) and "%" in bound
    return Constraint(name, _RELATIONS[sign], value, relative, " ".join(text.split()))


def merge(*groups: Iterable[Constraint]) -> tuple[Constraint, ...]:
    """The constraints that hold together: a later one replaces an earlier one on the same side of the same quantity."""
    merged = {}
    for group in groups:
        for constraint in group:
            merged[constraint.quantity, constraint.is_upper] = constraint
    return tuple(merged.values())


def _unknown_quantity(name: str) -> str:
    close = get_close_matches(name.lower(), QUANTITIES, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown quantity {name!r}; {hint}Known are {', '.join(QUANTITIES)}"


def _check_bound(name: str, quantity: Quantity, bound: str, value: float, unit: str) -> None:
    if not math.isfinite(value):
        raise ConfigError(f"{bound!r} is too large a number")
    if "%" in bound:
        if not (quantity.capacity or quantity.share):
            raise ConfigError(f"{name} has no whole to be a per cent of; {_units_of(name, quantity)}")
    elif unit != quantity.unit:
        raise ConfigError(f"{bound!r} does not measure {name}; {_units_of(name, quantity)}")
    elif quantity.share and value > 1:
        raise ConfigError(f"{name} is at most 1; did you mean '{bound.strip()} %'?")


def _units_of(name: str, quantity: Quantity) -> str:
    units = [unit for unit, (si_unit, _) in UNITS.items() if si_unit == quantity.unit and unit not in ("", "%")]
    units += ["% (of the board's)"] if quantity.capacity else ["%"] if quantity.share else []
    return f"{name} is {_DIMENSIONS[quantity.unit]}" + (f": write it in {', '.join(units)}" if units else "")
