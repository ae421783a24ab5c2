"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; columns whose heading ends in `:` are figures, to the right."""
    heads = [one.rstrip(":") for one in columns]
    rules = ["---:" if one.endswith(":") else "---" for one in columns]
    return [_line(heads), _line(rules), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def time(seconds: float) -> str:
    """In microseconds or milliseconds, to four digits or whole ones."""
    scaled, unit = (seconds * 1e3, "ms") if seconds >= 1e-4 else (seconds * 1e6, "µs")
    return f"{scaled:,.0f} {unit}" if scaled >= 1000 else f"{scaled:.4g} {unit}"


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Mean, median and extremes of some ratios."""
    low, high = min(values), max(values)
    return (
        f"mean {fmean(values):{form}}, median {median(values):{form}}, {low:{form}} to {high:{form}}, "
        f"over {len(values)} rows"
    )


def errors(values: Iterable[float]) -> str:
    """Of relative errors: mean of their sizes, and the worst."""
    sizes = [abs(one) for one in values]
    return f"mean error {fmean(sizes):.1%}, worst {max(sizes):.1%}"
