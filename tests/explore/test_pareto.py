"""The laws of Pareto fronts and hypervolumes."""

from __future__ import annotations

import time
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.bench.quantities import Better
from harness.errors import ConfigError
from harness.explore.pareto import hypervolume, pareto_front

Points = NDArray[np.float64]

# Few distinct values, so that ties and duplicates are common; now and then a value that was not measured.
values = st.one_of(st.integers(0, 6).map(float), st.floats(-10, 10), st.just(float("nan")))
numbers = st.one_of(st.integers(0, 6).map(float), st.floats(-10, 10))
directions = st.sampled_from(Better)


@st.composite
def problems(draw: st.DrawFn, value: st.SearchStrategy[float] = values) -> tuple[Points, list[Better]]:
    objectives = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(value, min_size=objectives, max_size=objectives), max_size=25))
    ways = draw(st.lists(directions, min_size=objectives, max_size=objectives))
    return np.array(rows, dtype=np.float64).reshape(-1, objectives), ways


def dominates(one: Points, other: Points, ways: list[Better]) -> bool:
    """By the definition, one objective at a time."""
    gains = [(a - b) * way.value for a, b, way in zip(one, other, ways, strict=True)]
    return all(gain >= 0 for gain in gains) and any(gain > 0 for gain in gains)


@settings(max_examples=300)
@given(problems())
def test_the_front_is_what_nothing_dominates(problem: tuple[Points, list[Better]]) -> None:
    points, ways = problem
    expected = [
        not np.isnan(point).any() and not any(dominates(other, point, ways) for other in points) for point in points
    ]
    assert pareto_front(points, ways).tolist() == expected


@given(problems(numbers))
def test_every_dominated_point_has_a_dominator_on_the_front(problem: tuple[Points, list[Better]]) -> None:
    points, ways = problem
    front = pareto_front(points, ways)
    for point in points[~front]:
        assert any(dominates(best, point, ways) for best in points[front])


@given(problems(), st.randoms())
def test_order_does_not_matter(problem: tuple[Points, list[Better]], random: Random) -> None:
    points, ways = problem
    order = list(range(len(points)))
    random.shuffle(order)
    assert pareto_front(points[order], ways).tolist() == pareto_front(points, ways)[order].tolist()


@given(problems(numbers), st.data())
def test_a_dominated_point_changes_nothing(problem: tuple[Points, list[Better]], data: st.DataObject) -> None:
    points, ways = problem
    if not len(points):
        return
    index = data.draw(st.integers(0, len(points) - 1))
    worse = points[index] - np.array([way.value for way in ways])
    front = pareto_front(np.vstack([points, worse]), ways)
    assert front.tolist() == [*pareto_front(points, ways).tolist(), False]


def test_equal_points_are_on_the_front_together() -> None:
    points = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 2.0]])
    assert pareto_front(points, [Better.LOWER, Better.LOWER]).tolist() == [True, True, False]


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_no_points_have_an_empty_front(objectives: int) -> None:
    assert pareto_front(np.empty((0, objectives)), [Better.LOWER] * objectives).tolist() == []


@pytest.mark.parametrize("objectives", [2, 3, 5])
def test_ten_thousand_points_take_a_moment(objectives: int) -> None:
    points = np.random.default_rng(0).normal(size=(10_000, objectives))
    start = time.process_time()
    pareto_front(points, [Better.LOWER] * objectives)
    assert time.process_time() - start < 5


def test_ten_thousand_points_all_on_the_front_take_a_moment() -> None:
    x = np.linspace(0, 1, 10_000)
    start = time.process_time()
    assert pareto_front(np.column_stack([x, 1 - x]), [Better.LOWER] * 2).all()
    assert pareto_front(np.column_stack([x, 1 - x, x]), [Better.LOWER] * 3).all()
    assert time.process_time() - start < 10


def test_a_hypervolume_by_hand() -> None:
    lower = [Better.LOWER] * 2
    assert hypervolume(np.array([[1.0, 3.0], [2.0, 1.0], [3.0, 3.0]]), [4, 4], lower) == 3 * 1 + 2 * 2
    assert hypervolume(np.array([[1.0, 3.0]]), [0, 0], [Better.HIGHER] * 2) == 3
    assert hypervolume(np.array([[1.0, 0.9]]), [2, 0.5], [Better.LOWER, Better.HIGHER]) == pytest.approx(0.4)
    assert hypervolume(np.array([[0.0, 0, 0], [-1, 1, 1]]), [2, 2, 2], [Better.LOWER] * 3) == 8 + 1
    assert hypervolume(np.empty((0, 2)), [4, 4], lower) == 0
    assert hypervolume(np.array([[5.0, 1.0], [np.nan, 1.0]]), [4, 4], lower) == 0


grid_points = st.lists(st.tuples(*[st.integers(0, 6)] * 3), max_size=8)


@settings(max_examples=200)
@given(grid_points)
def test_a_hypervolume_counts_the_cells_that_are_dominated(rows: list[tuple[int, int, int]]) -> None:
    cells = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = np.array(rows, dtype=np.float64).reshape(-1, 3)
    in_three = sum(bool((points <= cell).all(axis=1).any()) for cell in cells)
    in_two = sum(bool((points[:, :2] <= cell).all(axis=1).any()) for cell in cells[:, :2][::5])
    assert hypervolume(points, [5] * 3, [Better.LOWER] * 3) == in_three
    assert hypervolume(points[:, :2], [5] * 2, [Better.LOWER] * 2) == in_two


@given(grid_points, st.tuples(*[st.integers(0, 6)] * 3))
def test_a_hypervolume_never_shrinks_by_a_point_and_ignores_dominated_ones(
    rows: list[tuple[int, int, int]], extra: tuple[int, int, int]
) -> None:
    ways = [Better.LOWER] * 3
    points = np.array(rows, dtype=np.float64).reshape(-1, 3)
    more = np.vstack([points, np.array(extra, dtype=np.float64)])
    before, after = hypervolume(points, [5] * 3, ways), hypervolume(more, [5] * 3, ways)
    assert after >= before
    if (points <= np.array(extra)).all(axis=1).any():
        assert after == before


def test_another_number_of_objectives_has_no_hypervolume() -> None:
    with pytest.raises(ConfigError, match="two or three objectives, not 4"):
        hypervolume(np.ones((1, 4)), [2] * 4, [Better.LOWER] * 4)
