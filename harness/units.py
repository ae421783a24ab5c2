"""Quantities as people write them ("120 ms", "64 KiB", "1.5 mJ"), and their SI values."""

from __future__ import annotations

import re

from harness.errors import ConfigError

# unit as written -> (SI unit, factor). Bytes and ratios are carried as units of their own, `B` and `1`.
UNITS: dict[str, tuple[str, float]] = {
    "s": ("s", 1.0),
    "ms": ("s", 1e-3),
    "us": ("s", 1e-6),
    "µs": ("s", 1e-6),
    "ns": ("s", 1e-9),
    "min": ("s", 60.0),
    "B": ("B", 1.0),
    "kB": ("B", 1e3),
    "MB": ("B", 1e6),
    "KiB": ("B", 1024.0),
    "MiB": ("B", 1024.0**2),
    "J": ("J", 1.0),
    "mJ": ("J", 1e-3),
    "uJ": ("J", 1e-6),
    "µJ": ("J", 1e-6),
    "nJ": ("J", 1e-9),
    "W": ("W", 1.0),
    "mW": ("W", 1e-3),
    "uW": ("W", 1e-6),
    "A": ("A", 1.0),
    "mA": ("A", 1e-3),
    "uA": ("A", 1e-6),
    "V": ("V", 1.0),
    "mV": ("V", 1e-3),
    "Hz": ("Hz", 1.0),
    "kHz": ("Hz", 1e3),
    "MHz": ("Hz", 1e6),
    "GHz": ("Hz", 1e9),
    "%": ("1", 1e-2),
    "": ("1", 1.0),
}

_QUANTITY = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-zµ%]*)\s*")
_SHOWN = {
    "s": (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)),
    "J": (("J", 1.0), ("mJ", 1e-3), ("µJ", 1e-6), ("nJ", 1e-9)),
    "W": (("W", 1.0), ("mW", 1e-3), ("µW", 1e-6)),
    "A": (("A", 1.0), ("mA", 1e-3), ("µA", 1e-6)),
    "Hz": (("GHz", 1e9), ("MHz", 1e6), ("kHz", 1e3), ("Hz", 1.0)),
    "B": (("MiB", 1024.0**2), ("KiB", 1024.0), ("B", 1.0)),
}


def parse_quantity(text: str) -> tuple[float, str]:
    """Read "120 ms" as (0.12, "s"); a bare number has unit "1", and a percentage is a ratio.

    Raises:
        ConfigError: no number, or a unit that is not in `UNITS`.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ConfigError(f"{text!r} is not a quantity: write a number and a unit, such as '120 ms' or '64 KiB'")
    number, unit = match.groups()
    if unit not in UNITS:
        raise ConfigError(f"{text!r}: unknown unit {unit!r}; known are {', '.join(name for name in UNITS if name)}")
    si_unit, factor = UNITS[unit]
    return float(number) * factor, si_unit


def format_quantity(value: float, unit: str, digits: int = 4) -> str:
    """Write an SI value for people: (0.12, "s") as "120 ms", `digits` significant; a ratio stays a plain number."""
    for shown, factor in _SHOWN.get(unit, ()):
        if abs(float(f"{value:.{digits}g}")) >= factor:
            return f"{_significant(value / factor, digits)} {shown}"
    suffix = "" if unit == "1" else f" {unit}"
    return f"{_significant(value, digits)}{suffix}"


def _significant(value: float, digits: int) -> str:
    if value != 0 and abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:.{digits}g}"
