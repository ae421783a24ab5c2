"""Descriptions that name the user's own samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import DatasetError, ModelError
from harness.model.datasets.sources import at_hand, data_spec, goal_of, load_split
from harness.model.description import read_description

X = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
Y = np.arange(10) % 4


def spec(path: Path, kind: str = "npz_classification", **arguments: Any) -> Any:
    return data_spec(kind, path=str(path), feature_shape=(2, 3), **arguments)


def test_one_array_each_is_split_and_a_split_is_kept(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", x=X.astype(np.uint8), y=Y)
    split = load_split(spec(tmp_path / "one.npz", num_labels=4))
    np.testing.assert_array_equal(split.test_x, X[:2])
    np.testing.assert_array_equal(split.train_y, Y[2:])
    assert (str(split.train_x.dtype), str(split.train_y.dtype)) == ("float32", "int64")
    np.savez(tmp_path / "four.npz", x_train=X[:7], y_train=Y[:7], x_test=X[7:], y_test=Y[7:])
    assert len(load_split(spec(tmp_path / "four.npz", num_labels=4)).test_x) == 3


def test_values_are_as_many_as_are_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "values.npz", x=X, y=X[:, 0, :2])
    asked = spec(tmp_path / "values.npz", "npz_regression", output_size=2)
    assert load_split(asked).train_y.shape == (8, 2)
    assert goal_of(asked).outputs == 2


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (X.reshape(10, 6), Y, r"samples have the shape \(6,\), feature_shape says \(2, 3\)"),
        (X, Y[:9], "has 10 samples, and y of the shape"),
        (X, Y + 1, "whole numbers from 0 to 3, as num_labels says"),
        (X, Y.astype(np.float32), "whole numbers"),
        (X * np.nan, Y, "has to be finite"),
        (X.astype(object), Y, "without pickle"),
        (np.float32(1), Y, "samples have the shape"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, x: Any, y: Any, words: str) -> None:
    path = tmp_path / "odd.npz"
    np.savez(path, x=x, y=y)
    with pytest.raises(DatasetError, match=rf"odd\.npz: .*{words}"):
        load_split(spec(path, num_labels=4))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    absent = spec(tmp_path / "absent.npz")
    assert not at_hand(absent)
    with pytest.raises(DatasetError, match=r"absent\.npz is missing, which the description names"):
        load_split(absent)


def test_a_description_has_to_say_where_its_samples_are(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("model_type: CNN\ndataset: {name: npz_classification, args: {feature_shape: [6]}}")
    with pytest.raises(ModelError, match=r"dataset\.args\.path: Field required"):
        read_description(path)
    path.write_text("model_type: CNN\ndataset: {name: npz_classification, args: {feature_shape: [6], path: a.npz}}")
    assert read_description(path).data.args["path"] == "a.npz"
