"""Classifiers of scikit-learn as model files: read whole or refused, and never run as code."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from harness.errors import ModelError, UnsupportedModelError
from harness.model.datasets import quantize_samples
from harness.model.estimator import open_estimator, read_estimator, write_estimator
from harness.model.model import ModelFormat
from harness.model.reference import run_reference
from harness.model.tflite_graph import open_graph
from harness.model.zoo.classical import ENTRIES
from harness.optimize import Quantization, make_variant, variant_of_file

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 5)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)


def tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(random_state=0).fit(X, Y)


def refused(path: Path, held: Any, words: str) -> None:
    path.write_bytes(skops.io.dumps(held))
    with pytest.raises(ModelError, match=words):
        read_estimator(path)


def test_a_forest_is_a_model_of_one_layer(tmp_path: Path) -> None:
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    path = tmp_path / "mine.skops"
    skops.io.dump(forest, path)
    variant = variant_of_file(path)
    (layer,) = variant.model.layers
    assert (variant.quantization, variant.model.format) == (Quantization.FLOAT32, ModelFormat.SKOPS)
    assert (layer.op, layer.macs) == ("RandomForestClassifier", 0)
    assert layer.parameters == sum(one.tree_.node_count for one in forest.estimators_)
    assert [(t.shape, t.dtype) for t in (*layer.inputs, *layer.outputs)] == [((1, 5), "float32"), ((1, 3), "float32")]


def test_the_reference_is_what_scikit_learn_gives(tmp_path: Path) -> None:
    path = tmp_path / "mine.skops"
    write_estimator(tree(), None, path)
    np.testing.assert_array_equal(run_reference(read_estimator(path), X), tree().predict_proba(X).astype(np.float32))


def test_int16_features_are_stored_numbers_times_the_scale(tmp_path: Path) -> None:
    path = tmp_path / "mine.skops"
    write_estimator(tree(), 2.0**-12, path)
    model = read_estimator(path)
    assert (model.inputs[0].dtype, model.inputs[0].scale, model.inputs[0].zero_point) == ("int16", 2.0**-12, 0)
    stored = np.rint(X * 2**12).astype(np.int16)
    expected = tree().predict_proba((stored / 2**12).astype(np.float32))
    np.testing.assert_array_equal(run_reference(model, stored), expected.astype(np.float32))


def test_the_same_classifier_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.skops", "two.skops")]
    for path in paths:
        write_estimator(tree(), None, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_zoos_classifiers_know_held_out_samples_in_both_types(entry: Any) -> None:
    data = entry.test_data()
    shares = []
    for quantization in (Quantization.FLOAT32, Quantization.INT16):
        model = make_variant(entry.name, quantization).model
        outputs = run_reference(model, quantize_samples(data, model.inputs[0]))
        shares.append(float((outputs.argmax(axis=1) == data.labels).mean()))
    assert min(shares) > 0.85
    assert abs(shares[0] - shares[1]) < 0.01


def test_a_type_that_is_not_trusted_is_never_made(tmp_path: Path) -> None:
    """The file asks for `os.system`; what is read of it is only the name."""
    estimator = tree()
    estimator.random_state = subprocess.run
    refused(tmp_path / "evil.skops", estimator, r"types that are not trusted: subprocess\.run")


def test_pickles_and_noise_are_refused(tmp_path: Path) -> None:
    import pickle

    for content in (pickle.dumps(tree()), b"PK\x03\x04" + bytes(100), b""):
        path = tmp_path / "bad.skops"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"bad\.skops: is no classifier in skops' format"):
            read_estimator(path)
    with pytest.raises(ModelError, match="No such file"):
        read_estimator(tmp_path / "none.skops")


def test_a_file_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.npy", bytes(2_000_000))
        archive.writestr("schema.json", "{}")
    monkeypatch.setattr("harness.model.estimator.MOST_BYTES", 1_000_000)
    with pytest.raises(ModelError, match=r"unpacks to 2,000,002 bytes"):
        read_estimator(path)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (LogisticRegression().fit(X, Y), "holds a LogisticRegression; known are"),
        (make_pipeline(DecisionTreeClassifier()).fit(X, Y), "holds a Pipeline"),
        (DecisionTreeClassifier(), "is not trained"),
        (DecisionTreeClassifier().fit(X, np.stack([Y, Y], axis=1)), "more than one output"),
        ({"estimator": DecisionTreeClassifier().fit(X, Y), "feature_scale": 0.3}, "has to be a power of two"),
        ({"model": 1}, "a mapping has to hold"),
    ],
)
def test_what_is_no_known_classifier_is_refused(held: Any, words: str, tmp_path: Path) -> None:
    refused(tmp_path / "other.skops", held, words)


def edited(estimator: Any, change: Callable[[str, Any], Any]) -> bytes:
    """The estimator's file with its arrays changed."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as old, zipfile.ZipFile(output, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(".npy"):
                array = change(entry.filename, np.load(io.BytesIO(content)))
                buffer = io.BytesIO()
                np.save(buffer, array)
                content = buffer.getvalue()
            new.writestr(entry.filename, content)
    return output.getvalue()


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 77), ("feature", -9)]
)
def test_a_tree_that_leads_out_of_its_arrays_is_refused(field: str, value: int, tmp_path: Path) -> None:
    def change(_: str, array: Any) -> Any:
        if array.dtype.names and field in array.dtype.names:
            array[field][0] = value
        return array

    path = tmp_path / "broken.skops"
    path.write_bytes(edited(tree(), change))
    with pytest.raises(ModelError, match=r"broken\.skops: a tree's nodes|broken\.skops: a tree asks"):
        read_estimator(path)


def test_a_perceptron_with_missing_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.skops"
    net = MLPClassifier((4,), max_iter=20, random_state=0).fit(X, Y)
    path.write_bytes(edited(net, lambda _, array: array[:-1] if array.shape == (5, 4) else array))
    with pytest.raises(ModelError, match="do not fit together"):
        read_estimator(path)


def test_a_file_that_changed_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.skops"
    write_estimator(tree(), None, path)
    model = read_estimator(path)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match="changed since it was read"):
        open_estimator(model)


def test_it_has_no_tflite_graph(tmp_path: Path) -> None:
    path = tmp_path / "mine.skops"
    write_estimator(tree(), None, path)
    with pytest.raises(UnsupportedModelError, match=r"mine\.skops holds scikit-learn's DecisionTreeClassifier"):
        open_graph(read_estimator(path))


def test_a_network_has_no_int16_and_a_tree_no_int8() -> None:
    with pytest.raises(ModelError, match="int16 is for models of scikit-learn"):
        make_variant("lenet5_digits", Quantization.INT16)
    with pytest.raises(ModelError, match="it comes in float32 and int16, not in int8"):
        make_variant("digits_tree", Quantization.INT8)


def test_naming_the_models_imports_no_scikit_learn() -> None:
    command = "import sys, json, harness.model.zoo, harness.model.estimator; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
    assert json.dumps([entry.name for entry in ENTRIES])
