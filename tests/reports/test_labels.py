"""Names in a plot cover neither each other nor the points."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reports.labels import BEARABLE, LONGEST, Box, label_points, shorten


def axes() -> Axes:
    figure = Figure(figsize=(4, 3), dpi=72)
    found = figure.add_subplot()
    found.set(xlim=(0, 1), ylim=(0, 1))
    return found


def boxes(drawn: Axes) -> list[Box]:
    figure = drawn.get_figure(root=True)
    assert figure is not None
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    extents = [text.get_window_extent(renderer) for text in drawn.texts]
    return [Box(extent.x0, extent.y0, extent.x1, extent.y1) for extent in extents]


@pytest.mark.parametrize("seed", range(5))
def test_names_overlap_hardly_at_all(seed: int) -> None:
    drawn = axes()
    points = [(float(x), float(y)) for x, y in np.random.default_rng(seed).uniform(size=(15, 2))]
    label_points(drawn, points, [f"candidate {number}" for number in range(15)], [], points)
    found = boxes(drawn)
    assert 5 <= len(found) <= 15
    for one, other in combinations(found, 2):
        assert one.overlap(other) <= 1.01 * BEARABLE * max(one.area, other.area)


def test_lone_points_are_all_named_within_the_plot() -> None:
    drawn = axes()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.01, 0.99), (0.99, 0.99)]
    label_points(drawn, corners, ["left below", "right below", "left above", "right above"], [], corners)
    assert len(drawn.texts) == 4
    frame = drawn.get_window_extent()
    for box in boxes(drawn):
        inside = box.overlap(Box(frame.x0, frame.y0, frame.x1, frame.y1))
        assert inside == pytest.approx(box.area, rel=0.02)


def test_names_keep_clear_of_the_front() -> None:
    drawn = axes()
    line = [(0.5, 1.0), (0.5, 0.5), (1.0, 0.5)]
    label_points(drawn, [(0.5, 0.5)], ["on the front"], line, [(0.5, 0.5)])
    (box,) = boxes(drawn)
    x, y = drawn.transData.transform((0.5, 0.5))
    assert box.right < x or box.top < y or (box.left > x and box.bottom > y)


def test_a_long_name_keeps_both_its_ends() -> None:
    assert shorten("short") == "short"
    found = shorten("a" * 50 + "b" * 50)
    assert len(found) == LONGEST
    assert found[0] + found[-1] == "ab"
