"""Accuracy as MLCommons' runner computes it, by laws that hold of it and by other ways to count the same."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.mlperf.accuracy import Accuracy, Score, judge
from harness.errors import DatasetError, FirmwareError
from harness.model.mlperf_tiny import BENCHMARKS

single = st.integers(-1000, 1000).map(lambda value: value / 8)


def scored(*files: tuple[int, tuple[float, ...]]) -> list[Score]:
    return [Score(f"file {number}", label, scores) for number, (label, scores) in enumerate(files)]


def pairs_in_order(files: list[Score], label: int, column: int) -> float:
    """The area under the curve by its other meaning: how often a file of the class scores higher than another."""
    ours = [file.scores[column] for file in files if file.label == label]
    others = [file.scores[column] for file in files if file.label != label]
    points = [(mine > other) + (mine == other) / 2 for mine, other in product(ours, others)]
    return sum(points) / len(points)


@settings(deadline=None)
@given(st.lists(single, min_size=1, max_size=12), st.lists(single, min_size=1, max_size=12))
def test_auc_of_one_score_is_the_share_of_pairs_in_order(normal: list[float], anomalous: list[float]) -> None:
    files = scored(*((0, (score,)) for score in normal), *((1, (score,)) for score in anomalous))
    found = judge(files)
    assert found.auc == pytest.approx(pairs_in_order(files, 1, 0))
    assert found.top1 is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.permutations([0.2, 0.3, 0.5])), max_size=20))
def test_auc_of_several_classes_is_the_mean_of_one_against_the_rest(files: list[tuple[int, list[float]]]) -> None:
    whole = [(label, tuple(scores)) for label, scores in files]
    whole += [(label, (0.2, 0.3, 0.5)) for label in range(3)]
    found = judge(scored(*whole))
    shares = [pairs_in_order(scored(*whole), label, label) for label in range(3)]
    assert found.auc == pytest.approx(sum(shares) / 3)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.permutations([0.1, 0.2, 0.3, 0.4])), min_size=1, max_size=20))
def test_top1_counts_the_files_whose_largest_score_is_their_labels(files: list[tuple[int, list[float]]]) -> None:
    found = judge(scored(*((label, tuple(scores)) for label, scores in files)))
    right = sum(scores[label] == 0.4 for label, scores in files)
    assert (found.right, found.top1) == (right, right / len(files))


def test_two_classes_are_judged_by_the_second_ones_score() -> None:
    files = scored((0, (0.9, 0.1)), (0, (0.4, 0.6)), (1, (0.3, 0.7)), (1, (0.45, 0.55)))
    assert judge(files).auc == pytest.approx(pairs_in_order(files, 1, 1))


def test_machines_are_judged_each_for_itself() -> None:
    files = [
        Score("normal_id_01_00000000_hist_librosa.bin", 0, (1.0,)),
        Score("anomaly_id_01_00000003_hist_librosa.bin", 1, (2.0,)),
        Score("normal_id_04_00000000_hist_librosa.bin", 0, (9.0,)),
        Score("anomaly_id_04_00000001_hist_librosa.bin", 1, (8.0,)),
        Score("normal_id_02_00000000_hist_librosa.bin", 0, (8.0,)),
    ]
    found = judge(files)
    assert found.auc_of_machine == {"01": 1.0, "04": 0.0}
    assert found.auc == pytest.approx(pairs_in_order(files, 1, 0))


def test_without_a_file_of_every_class_there_is_no_auc() -> None:
    found = judge(scored((0, (0.6, 0.3, 0.1)), (2, (0.1, 0.2, 0.7))))
    assert found.auc is None
    assert found.top1 == 1.0
    assert found.meets(BENCHMARKS["kws01"]) is True
    assert found.meets(BENCHMARKS["ad01"]) is None


def test_accuracy_survives_json() -> None:
    found = judge(scored((0, (0.6, 0.4)), (1, (0.7, 0.3))))
    assert Accuracy.from_json(found.to_json()) == found


def test_what_can_not_be_judged_is_refused() -> None:
    with pytest.raises(DatasetError, match="no samples"):
        judge([])
    with pytest.raises(DatasetError, match="file 1: its label is 2, but the firmware has 2 results"):
        judge(scored((0, (0.5, 0.5)), (2, (0.5, 0.5))))
    with pytest.raises(FirmwareError, match="more results than others"):
        judge(scored((0, (0.5, 0.5)), (1, (1.0,))))
