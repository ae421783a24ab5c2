"""Pareto fronts and hypervolumes of sets of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.bench.quantities import Better
from harness.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def pareto_front(points: NDArray[np.float64], directions: Sequence[Better]) -> NDArray[np.bool_]:
    """Which points no other one dominates.

    A point dominates another when it is at least as good in every objective and better in one; so equal points are on
    the front together. A point with a NaN (not measured) neither dominates nor belongs to the front.

    Args:
        points: (count, objectives).
        directions: which way each objective improves.

    Returns:
        (count,) bool. Two objectives take O(n log n), more take O(n x size of the front).
    """
    import numpy as np

    costs = _costs(points, directions)
    front = np.zeros(len(costs), dtype=bool)
    complete = np.flatnonzero(~np.isnan(costs).any(axis=1))
    distinct, inverse = np.unique(costs[complete], axis=0, return_inverse=True)
    best = _front_of_two(distinct) if costs.shape[1] == 2 else _front_of_many(distinct)
    front[complete] = best[inverse.reshape(-1)]
    return front


def hypervolume(points: NDArray[np.float64], reference: Sequence[float], directions: Sequence[Better]) -> float:
    """The exact measure of all that some point dominates, up to a reference point; for two or three objectives.

    The unit is the product of the objectives' units. Points that are no better than the reference in every objective,
    or hold a NaN, add nothing. Three objectives are cut into slabs (the HSO algorithm; While et al., "A faster
    algorithm for calculating hypervolume", IEEE TEVC 10(1), 2006).

    Raises:
        ConfigError: another number of objectives.
    """
    import numpy as np

    costs = _costs(points, directions)
    corner = _costs(np.array([reference], dtype=np.float64), directions)[0]
    if costs.shape[1] not in (2, 3):
        raise ConfigError(f"a hypervolume takes two or three objectives, not {costs.shape[1]}")
    inside = costs[(costs < corner).all(axis=1)]
    inside = inside[pareto_front(inside, [Better.LOWER] * len(corner))]
    if costs.shape[1] == 2:
        return _area(inside, corner)
    slabs = inside[np.argsort(inside[:, 2], kind="stable")]
    heights = np.diff(slabs[:, 2], append=corner[2])
    return float(sum(_area(slabs[: top + 1, :2], corner[:2]) * height for top, height in enumerate(heights) if height))


def _costs(points: NDArray[np.float64], directions: Sequence[Better]) -> NDArray[np.float64]:
    """The points turned so that less is better everywhere."""
    import numpy as np

    table = np.asarray(points, dtype=np.float64).reshape(-1, len(directions))
    return table * np.array([-direction.value for direction in directions], dtype=np.float64)


def _front_of_two(distinct: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of distinct points in lexical order: those with a lower second cost than all before them."""
    import numpy as np

    seconds = distinct[:, 1]
    lowest_before = np.concatenate(([np.inf], np.minimum.accumulate(seconds)[:-1])) if len(seconds) else seconds
    best = seconds < lowest_before
    best[:1] = True
    return np.asarray(best)


def _front_of_many(distinct: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of distinct points: take them in lexical order, each strikes out all that it dominates."""
    import numpy as np

    alive = np.ones(len(distinct), dtype=bool)
    for index in range(len(distinct)):
        if alive[index]:
            later = index + 1 + np.flatnonzero(alive[index + 1 :])
            alive[later] = (distinct[later] < distinct[index]).any(axis=1)
    return alive


def _area(points: NDArray[np.float64], corner: NDArray[np.float64]) -> float:
    """What points (count, 2), all below the corner, dominate."""
    import numpy as np

    order = points[np.lexsort((points[:, 1], points[:, 0]))]
    heights = np.minimum.accumulate(order[:, 1])
    widths = np.diff(order[:, 0], append=corner[0])
    return float(((corner[1] - heights) * widths).sum())
