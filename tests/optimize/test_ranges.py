"""Ranges of activations, and kernels of few values: the arithmetic of calibration and clustering."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.optimize.ranges import find_range
from harness.optimize.recipe import Calibration
from harness.optimize.sparse import clustered

Values = np.ndarray[tuple[int], np.dtype[np.float32]]
values = arrays(np.float32, st.integers(1, 200), elements=st.floats(-100, 100, width=32))


def _error(real: Values, ends: tuple[float, float]) -> float:
    real = real.astype(np.float64)
    step = (ends[1] - ends[0]) / 255 or 1.0
    lowest, highest = round(ends[0] / step), round(ends[1] / step)
    return float(np.mean((real - np.clip(np.rint(real / step), lowest, highest) * step) ** 2))


@given(values, st.sampled_from(Calibration))
def test_a_range_holds_zero_and_no_more_than_the_values(real: Values, calibration: Calibration) -> None:
    least, greatest = find_range(real, calibration)
    slack = 1e-4 * (1 + float(np.abs(real).max()))
    assert min(float(real.min()), 0.0) - slack <= least <= 0 <= greatest <= max(float(real.max()), 0.0) + slack


@given(values)
def test_the_range_by_mse_is_no_worse_than_that_of_all_values(real: Values) -> None:
    whole, best = (find_range(real, one) for one in (Calibration.MIN_MAX, Calibration.MSE))
    assert _error(real, best) <= _error(real, whole) * (1 + 1e-6) + 1e-12


def test_a_lone_outlier_does_not_coarsen_all_others() -> None:
    real = np.random.default_rng(0).uniform(0, 1, 100_000).astype(np.float32)
    real[7] = 20
    least, greatest = find_range(real, Calibration.PERCENTILE)
    assert least == 0
    assert 0.9 < greatest < 1.1
    assert find_range(real, Calibration.MIN_MAX) == (0, 20)


def test_mse_clips_long_tails_for_finer_steps() -> None:
    real = np.random.default_rng(0).laplace(0, 1, 100_000).astype(np.float32)
    whole, best = (find_range(real, one) for one in (Calibration.MIN_MAX, Calibration.MSE))
    assert best[1] < 0.95 * whole[1]
    assert _error(real, best) < 0.9 * _error(real, whole)


kernels = arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=st.floats(-1, 1, width=16))


@given(kernels, st.integers(2, 16), st.booleans())
def test_a_clustered_kernel_has_few_values_and_the_zeros_that_it_had(
    weights: np.ndarray, count: int, keep_zeros: bool
) -> None:
    found = clustered(weights, count, keep_zeros)
    assert found.shape == weights.shape
    assert len(np.unique(found)) <= count
    assert found.min() >= weights.min() - 1e-6
    assert found.max() <= weights.max() + 1e-6
    if keep_zeros:
        assert (found[weights == 0] == 0).all()


def test_clusters_are_where_the_weights_are() -> None:
    weights = np.array([[0.1, 0.11, 0.09], [-0.5, -0.52, -0.48]], np.float32)
    assert clustered(weights, 2, keep_zeros=False) == pytest.approx(np.array([[0.1] * 3, [-0.5] * 3]), abs=1e-6)
