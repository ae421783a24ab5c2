"""Which quantities a task gives, from the bytes that went to a board and came from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.bench.correctness import correctness
from harness.bench.quantities import QUANTITIES
from harness.errors import DatasetError
from harness.explore.constraint import parse_constraint
from harness.model.dataset import Dataset, Task
from harness.model.model import Tensor

INPUT = Tensor("in", (1, 4), "int8", 0.5, 0)
SCORES = Tensor("out", (1, 4), "int8", 0.1, -10)


def rows(values: NDArray[np.generic]) -> list[bytes]:
    return [row.tobytes() for row in values]


def dataset(labels: list[object], task: Task = Task.CLASSIFY, recordings: list[int] | None = None) -> Dataset:
    kind = np.float32 if task is Task.REGRESS else np.int64
    samples = np.zeros((len(labels), 4), np.float32)
    numbers = None if recordings is None else np.array(recordings)
    return Dataset("d", samples, np.array(labels, kind), "", task, numbers)


def test_classes_give_top1_and_macro_f1() -> None:
    outputs = rows(np.eye(4, dtype=np.int8))
    found = correctness(dataset([0, 1, 2, 0]), outputs, outputs, INPUT, SCORES)
    assert found == {"accuracy": 0.75, "macro_f1": pytest.approx((2 / 3 + 1 + 1 + 0) / 4)}


def test_classes_that_are_numbered_by_their_names_have_to_be_all_there() -> None:
    outputs = rows(np.eye(4, dtype=np.int8))
    whole = replace(dataset([0, 1, 2, 0]), class_names=("cat", "cow", "dog", "emu"))
    assert correctness(whole, outputs, outputs, INPUT, SCORES)["accuracy"] == 0.75
    missing = replace(whole, class_names=("cat", "dog", "emu"))
    with pytest.raises(DatasetError, match=r"has 3 classes \(cat, dog, emu\), the model 4, so that their numbers"):
        correctness(missing, outputs, outputs, INPUT, SCORES)


def test_two_classes_give_the_area_under_the_curve_too() -> None:
    outputs = rows(np.array([[5, 0], [3, 0], [4, 0], [0, 5]], np.int8))
    found = correctness(dataset([0, 1, 0, 1]), outputs, outputs, INPUT, Tensor("out", (1, 2), "int8", 0.1, 0))
    assert (found["accuracy"], found["auc"]) == (0.75, 1)


def test_values_are_judged_in_real_units() -> None:
    outputs = rows(np.array([[-10, 0, 10, 20]], np.int8))
    found = correctness(dataset([[0, 1, 2, 5]], Task.REGRESS), outputs, outputs, INPUT, SCORES)
    assert found == {"mae": pytest.approx(0.5), "rmse": pytest.approx(1)}


def test_the_next_of_a_sequence_gives_perplexity() -> None:
    given = Tensor("out", (1, 2, 2), "float32")
    outputs = rows(np.array([[0.5, 0.5, 0.25, 0.75], [0.5, 0.5, 0.75, 0.25]], np.float32))
    found = correctness(dataset([[0, 0], [1, 0]], Task.NEXT), outputs, outputs, INPUT, given)
    assert found["perplexity"] == pytest.approx((2 * 4 * 2 * 4 / 3) ** (1 / 4))


def test_anomalies_are_judged_by_recording() -> None:
    reconstructed = rows(np.array([[9, 9, 9, 9], [0, 0, 0, 0], [6, 6, 6, 6], [7, 7, 7, 7]], np.int8))
    data = dataset([0, 0, 1, 1], Task.ANOMALY, [7, 7, 9, 9])
    assert correctness(data, reconstructed, reconstructed, INPUT, Tensor("out", (1, 4), "int8", 0.5, 0)) == {"auc": 1}
    alone = dataset([0, 0, 1, 1], Task.ANOMALY)
    assert correctness(alone, reconstructed, reconstructed, INPUT, Tensor("out", (1, 4), "int8", 0.5, 0)) == {
        "auc": 0.5
    }


@pytest.mark.parametrize(
    ("data", "given", "words"),
    [
        (dataset([0, 4]), SCORES, "labels go up to 4, but the model has 4 classes"),
        (dataset([[1.0, 2.0]], Task.REGRESS), SCORES, "values a sample"),
        (dataset([[0, 1, 2]], Task.NEXT), SCORES, "sequences of 3"),
        (dataset([0, 1], Task.ANOMALY), Tensor("out", (1, 2), "int8"), "reconstructs its input"),
        (dataset([0, 0], Task.ANOMALY), SCORES, "one kind"),
    ],
)
def test_labels_that_do_not_fit_the_model_are_refused(data: Dataset, given: Tensor, words: str) -> None:
    outputs = [bytes(given.nbytes)] * len(data.labels)
    with pytest.raises(DatasetError, match=words):
        correctness(data, outputs, outputs, INPUT, given)


@pytest.mark.parametrize("limit", ["auc >= 0.85", "macro_f1 >= 0.9", "mae <= 0.1", "rmse <= 0.2", "perplexity <= 8"])
def test_limits_can_be_set_on_every_one(limit: str) -> None:
    constraint = parse_constraint(limit)
    assert constraint.quantity in QUANTITIES
    assert constraint.bound == float(limit.split()[-1])
