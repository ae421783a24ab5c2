"""Pareto plots: one plane of objectives for the candidates of one model."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.bench.quantities import METRICS, QUANTITIES, Better
from harness.explore.constraint import parse_constraint
from harness.explore.summary import Objective, Plane, Standing
from harness.explore.verdict import evaluate
from reports.labels import Point, label_points
from reports.palette import DOMINATED, FRONT, GRID, INFEASIBLE, INK, MUTED, PAPER
from reports.svg import inline_svg
from reports.view import Row

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

MARKERS: dict[Standing, dict[str, Any]] = {
    Standing.FRONT: {"marker": "o", "markersize": 7, "markerfacecolor": FRONT, "markeredgecolor": FRONT},
    Standing.DOMINATED: {"marker": "o", "markersize": 6.5, "markerfacecolor": PAPER, "markeredgecolor": DOMINATED},
    Standing.INFEASIBLE: {"marker": "x", "markersize": 6, "markeredgecolor": INFEASIBLE},
}
"""Shape and fill tell the standings apart; colour only helps."""

_MARKER_STYLE: Any = {"markeredgewidth": 1.5, "linestyle": "none", "zorder": 3, "clip_on": False}

LOG_FROM = 20
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""
DRAWABLE = 1e-30, 1e30
"""No quantity of a microcontroller lies outside; what does is a fault, told by the tables, and would bend the axes."""
_LABEL_ORDER = tuple(MARKERS)

STYLE: Any = {
    "font.size": 8,
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
}


def pareto_plot(rows: Sequence[Row], plane: Plane, key: str) -> Markup | None:
    """The plane as inline SVG; None when no candidate has both objectives.

    Args:
        rows: the candidates of one model.
        key: unique on the page.
    """
    import matplotlib
    from matplotlib.figure import Figure

    shown = [row for row in rows if _is_drawable(_point(row, plane))]
    if not shown:
        return None
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # The page is shown in the reader's fonts, not in matplotlib's, so what those lack does not matter.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(4.1, 3.2), dpi=72, layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        points = [_point(row, plane) for row in shown]
        _scale(axes, "x", plane.x, [x for x, _ in points])
        _scale(axes, "y", plane.y, [y for _, y in points])
        _draw_limits(axes, shown, plane)
        drawn = list(zip(shown, points, strict=True))
        border = _border(axes, [point for row, point in drawn if _standing(row, plane) is Standing.FRONT], plane)
        axes.plot([x for x, _ in border], [y for _, y in border], color=FRONT, linewidth=1.2, zorder=2)
        for index, (row, point) in enumerate(drawn):
            axes.plot(*point, gid=f"point-{index}", **_MARKER_STYLE, **MARKERS[_standing(row, plane)])
        figure.draw_without_rendering()
        labelled = sorted(drawn, key=lambda one: _LABEL_ORDER.index(_standing(one[0], plane)))
        unusual = _unusual(shown, plane)
        texts = [f"{row.label} ({_kind(row, plane)})" if row in unusual else row.label for row, _ in labelled]
        label_points(axes, [point for _, point in labelled], texts, border, points)
        tooltips = {f"point-{index}": tooltip(row, plane) for index, row in enumerate(shown)}
        return inline_svg(figure, key, "; ".join(tooltips.values()), tooltips)


def tooltip(row: Row, plane: Plane) -> str:
    """What a point means, in one line."""
    parts = []
    for objective in (plane.x, plane.y):
        number = row.number(objective.quantity)
        beside = f"{number.detail}, " if objective.relative else ""
        parts.append(f"{objective.quantity} {number.text} ({beside}{number.provenance})")
    return f"{row.title}: {', '.join(parts)}; {row.assessment.standings[plane.name]}"


def provenance_note(rows: Sequence[Row], plane: Plane) -> str:
    """Of which kinds the plotted numbers are, and which candidates differ from the rest."""
    kinds = [_kind(row, plane) for row in rows if _is_drawable(_point(row, plane))]
    if not kinds:
        return ""
    usual = Counter(kinds).most_common(1)[0][0]
    others = [f"{row.label}: {_kind(row, plane)}" for row in _unusual(rows, plane)]
    return f"mixed provenance: {'; '.join(others)}; the others: {usual}" if others else usual


def _kind(row: Row, plane: Plane) -> str:
    """The provenance of both coordinates of a point."""
    x, y = (row.number(objective.quantity).provenance for objective in (plane.x, plane.y))
    return f"{x}" if x == y else f"{plane.x.quantity} {x}, {plane.y.quantity} {y}"


def _unusual(rows: Sequence[Row], plane: Plane) -> list[Row]:
    """The drawn candidates whose numbers are of another provenance than those of most."""
    drawn = [row for row in rows if _is_drawable(_point(row, plane))]
    usual = Counter(_kind(row, plane) for row in drawn).most_common(1)
    return [row for row in drawn if _kind(row, plane) != usual[0][0]]


def _point(row: Row, plane: Plane) -> Point:
    x, y = plane.x.value(row.record), plane.y.value(row.record)
    return math.nan if x is None else x, math.nan if y is None else y


def _is_drawable(point: Point) -> bool:
    return all(value == 0 or DRAWABLE[0] < abs(value) < DRAWABLE[1] for value in point)


def _standing(row: Row, plane: Plane) -> Standing:
    return row.assessment.standings[plane.name]


def _scale(axes: Axes, name: str, objective: Objective, values: Sequence[float]) -> None:
    """Label, scale, ticks and limits of the axis `x` or `y`, with room around the points."""
    from matplotlib.ticker import EngFormatter, MaxNLocator, NullFormatter, PercentFormatter, ScalarFormatter

    quantity = QUANTITIES[objective.quantity]
    ratio = objective.relative or quantity.share
    low, high = min(values), max(values)
    logarithmic = low > 0 and high / low >= LOG_FROM and not quantity.share
    if logarithmic:
        room = (high / low) ** 0.18
        limits = low / room, high * room
    else:
        room = 0.18 * (high - low) or abs(high) * 0.05 or 1.0
        limits = (
            max(low - room, 0.0) if low >= 0 else low - room,
            min(high + room, 1.0) if quantity.share else high + room,
        )
    better = "lower" if objective.better is Better.LOWER else "higher"
    short = METRICS.get(objective.quantity, objective.quantity)
    title = f"share of the board's {quantity.title.split(',')[0]}" if objective.relative else short
    axes.set(**{f"{name}label": f"{title} ({better} is better)"})
    axes.set(**{f"{name}scale": "log" if logarithmic else "linear"})
    axes.set(**{f"{name}lim": limits})
    axis = axes.xaxis if name == "x" else axes.yaxis
    unit = "" if quantity.unit == "1" else quantity.unit
    if not logarithmic:
        axis.set_major_locator(MaxNLocator(5))
    axis.set_minor_formatter(NullFormatter())
    plain = ScalarFormatter(useOffset=False) if not unit and high < 1000 else EngFormatter(unit)
    axis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%") if ratio else plain)
    axis.grid(True)


def _draw_limits(axes: Axes, rows: Sequence[Row], plane: Plane) -> None:
    """A dashed line at a limit that is the same for all candidates of the plot and lies within it."""
    for objective, line, (low, high) in (
        (plane.x, axes.axvline, axes.get_xlim()),
        (plane.y, axes.axhline, axes.get_ylim()),
    ):
        bounds = {bound for row in rows for bound in _bounds(row, objective)}
        everywhere = all(_bounds(row, objective) for row in rows)
        if len(bounds) == 1 and everywhere and low < (bound := bounds.pop()) < high:
            line(bound, color=INFEASIBLE, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)


def _bounds(row: Row, objective: Objective) -> list[float]:
    record = row.record
    whole = record.capacity.of(objective.quantity) if objective.relative else 1
    constraints = [parse_constraint(limit) for limit in record.limits]
    found = [evaluate(one, (), record.capacity).bound for one in constraints if one.quantity == objective.quantity]
    return [round(bound / whole, 9) for bound in found if whole]


def _border(axes: Axes, front: Sequence[Point], plane: Plane) -> list[Point]:
    """The corners of the border of what the front dominates, out to the edges of the plot; none without a front."""
    if not front:
        return []
    worst_x = axes.get_xlim()[plane.x.better is Better.LOWER]
    worst_y = axes.get_ylim()[plane.y.better is Better.LOWER]
    best_first = sorted(set(front), reverse=plane.x.better is Better.HIGHER)
    corners = [(best_first[0][0], worst_y)]
    for (x, y), (next_x, _) in zip(best_first, [*best_first[1:], (worst_x, 0.0)], strict=True):
        corners += [(x, y), (next_x, y)]
    return corners
