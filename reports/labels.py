"""Where the names of points go in a plot, so that they cover neither each other nor the points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

from reports.palette import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = tuple[float, float]

FONT_SIZE = 7.5
LONGEST = 41
BEARABLE = 0.03
"""The share of a text's area that may be covered before it is better left out."""
_GAP = 7.0
_MARKER = 4.5
_LINE = 0.8


@dataclass(frozen=True)
class Box:
    """A rectangle on the canvas, in points."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)


def label_points(
    axes: Axes, points: Sequence[Point], texts: Sequence[str], line: Sequence[Point], markers: Sequence[Point]
) -> None:
    """Write a text beside each point where it is least in the way, or not at all where it would cover others.

    Args:
        axes: with its limits set.
        points: in data coordinates, as are all others; those that matter most first, since the first find most room.
        line: corners of a line of horizontal and vertical pieces that texts keep clear of.
        markers: all markers of the plot, also those without a text.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = axes.get_figure(root=True)
    assert figure is not None, "axes of a figure"
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    window = axes.get_window_extent(renderer)
    frame = Box(window.x0, window.y0, window.x1, window.y1)
    taken = [_around(axes, point, point, _MARKER) for point in markers]
    taken += [_around(axes, start, end, _LINE) for start, end in pairwise(line)]
    for point, text in zip(points, texts, strict=True):
        x, y = axes.transData.transform(point)
        drawn = axes.text(0, 0, shorten(text), fontsize=FONT_SIZE, color=INK, parse_math=False, transform=None)
        drawn.set_in_layout(False)
        extent = drawn.get_window_extent(renderer)
        box = min(_places(x, y, extent.width, extent.height), key=lambda place: _nuisance(place, taken, frame))
        if _nuisance(box, taken, frame) > BEARABLE * box.area:
            drawn.remove()
            continue
        drawn.set_position((box.left, box.bottom))
        drawn.set_verticalalignment("bottom")
        taken.append(box)


def shorten(text: str, longest: int = LONGEST) -> str:
    """A text of at most so many characters, cut in its middle, since names differ at their ends."""
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"


def _around(axes: Axes, one: Point, other: Point, room: float) -> Box:
    (x1, y1), (x2, y2) = axes.transData.transform([one, other])
    return Box(min(x1, x2) - room, min(y1, y2) - room, max(x1, x2) + room, max(y1, y2) + room)


def _places(x: float, y: float, width: float, height: float) -> list[Box]:
    """Around a point: right and left first, then above and below, then the corners, each also further away."""
    found = []
    for distance, (across, up) in product((1.0, 1.7), _SIDES):
        left = x + across * _GAP * distance - width * (1 - across) / 2
        bottom = y + up * _GAP * distance - height * (1 - up) / 2
        found.append(Box(left, bottom, left + width, bottom + height))
    return found


_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def _nuisance(box: Box, taken: Sequence[Box], frame: Box) -> float:
    outside = box.area - box.overlap(frame)
    return 3 * outside + sum(box.overlap(other) for other in taken)
