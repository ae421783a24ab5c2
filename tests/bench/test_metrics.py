"""Metrics against scikit-learn's, and laws that they keep."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as theirs

from harness.bench import metrics
from harness.errors import DatasetError

Answers = tuple[NDArray[np.float64], NDArray[np.int64]]


@st.composite
def answers(draw: Callable[..., Any]) -> Answers:
    """Scores of some classes, with ties, and labels."""
    count, classes = draw(st.integers(1, 30)), draw(st.integers(2, 6))
    generator = np.random.default_rng(draw(st.integers(0, 2**31)))
    return generator.integers(0, 5, (count, classes)).astype(float), generator.integers(0, classes, count)


@given(answers())
def test_top1_and_macro_f1_are_those_of_scikit_learn(given_answers: Answers) -> None:
    scores, labels = given_answers
    best = scores.argmax(axis=1)
    assert metrics.top1(scores, labels) == pytest.approx(theirs.accuracy_score(labels, best))
    expected = theirs.f1_score(labels, best, average="macro", zero_division=0)
    assert metrics.macro_f1(scores, labels) == pytest.approx(expected)


@given(answers())
def test_the_area_under_the_curve_is_that_of_scikit_learn(given_answers: Answers) -> None:
    scores, positive = given_answers[0][:, 0], given_answers[1] == 1
    assume(0 < positive.sum() < len(positive))
    area = metrics.area_under_curve(scores, positive)
    assert area == pytest.approx(theirs.roc_auc_score(positive, scores))
    assert metrics.area_under_curve(-scores, positive) == pytest.approx(1 - area)
    assert metrics.area_under_curve(np.exp(scores), positive) == area


def test_one_class_alone_has_no_area_under_the_curve() -> None:
    with pytest.raises(DatasetError, match="both classes"):
        metrics.area_under_curve(np.ones(3), np.ones(3, bool))


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=40))
def test_errors_are_those_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    ours, truth = np.array(pairs).T
    mae, rmse = metrics.mean_absolute_error(ours, truth), metrics.root_mean_squared_error(ours, truth)
    assert mae == pytest.approx(theirs.mean_absolute_error(truth, ours))
    assert rmse == pytest.approx(theirs.root_mean_squared_error(truth, ours))
    assert mae <= rmse * (1 + 1e-12) + 1e-100


@given(answers())
def test_perplexity_is_e_to_scikit_learns_log_loss(given_answers: Answers) -> None:
    scores, labels = given_answers
    probabilities = (scores + 1) / (scores + 1).sum(axis=1, keepdims=True)
    expected = math.exp(theirs.log_loss(labels, probabilities, labels=list(range(scores.shape[1]))))
    assert metrics.perplexity(probabilities, labels) == pytest.approx(expected)
    assert metrics.perplexity(np.full(scores.shape, 0.1), labels) == pytest.approx(scores.shape[1])


def test_a_class_thought_impossible_costs_no_more_than_the_least_probability() -> None:
    assert metrics.perplexity(np.array([[1.0, 0.0]]), np.array([1]), 0.01) == pytest.approx(1.01 / 0.01)


def test_the_errors_of_windows_are_averaged_by_recording() -> None:
    inputs = np.zeros((4, 2))
    outputs = np.array([[1.0, 1], [3, 3], [0, 2], [2, 2]])
    assert metrics.reconstruction_errors(inputs, outputs, np.array([1, 1, 0, 0])).tolist() == [3, 5]
