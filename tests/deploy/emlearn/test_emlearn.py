"""emlearn's C answers as scikit-learn does, on a virtual board, and nothing else is let through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from harness.bench.device import Device
from harness.board.board_file import load_board
from harness.deploy.backend import Tolerance
from harness.deploy.build import build_firmware
from harness.deploy.emlearn import EmlearnBackend
from harness.deploy.emlearn.generate import LEAF_REASON, LEAF_TOLERANCE, _float_bound
from harness.deploy.options import O2
from harness.errors import UnsupportedModelError
from harness.model.estimator import write_estimator
from harness.model.reference import run_reference
from harness.optimize import make_variant, variant_of_file
from harness.optimize.variant import Quantization, Variant
from tests.deploy.portable_c.bouquet import IMAGE, Bouquet
from tests.deploy.tiny_model import variant_of
from tests.firmware.bench_board import virtual_board

RANDOM = np.random.default_rng(1)
X = RANDOM.integers(-12, 13, (300, 6)).astype(np.float32) / 8
Y = (X[:, 0] * X[:, 1] > 0).astype(int) + (X[:, 2] > X[:, 3])
TARGET = load_board("nucleo_l4r5zi").target


def variant(estimator: Any, scale: float | None, directory: Path) -> Variant:
    path = directory / "mine.skops"
    write_estimator(estimator, scale, path)
    return variant_of_file(path)


def differences(made: Variant, samples: NDArray[np.generic], board: str = "nucleo_l4r5zi") -> tuple[float, bool]:
    """The largest difference of a probability from the host's, and whether all classes are the same."""
    firmware = build_firmware(made, load_board(board).target, EmlearnBackend())
    expected = np.asarray(run_reference(made.model, samples), np.float32)
    with virtual_board(board) as dut:
        dut.probe.flash(firmware.elf)
        dut.probe.reset()
        device = Device(dut.console, firmware, 20)
        device.connect()
        answers = np.stack([np.frombuffer(device.infer(one.tobytes()).output, np.float32) for one in samples])
    same = bool((answers.argmax(axis=1) == expected.argmax(axis=1)).all())
    return float(np.abs(answers - expected).max()), same


@pytest.mark.parametrize(
    ("kind", "scale"),
    [
        (DecisionTreeClassifier, None),
        (RandomForestClassifier, 2.0**-6),
        pytest.param(DecisionTreeClassifier, 2.0**-6, marks=pytest.mark.slow),
        pytest.param(RandomForestClassifier, None, marks=pytest.mark.slow),
        pytest.param(ExtraTreesClassifier, None, marks=pytest.mark.slow),
        pytest.param(ExtraTreesClassifier, 2.0**-6, marks=pytest.mark.slow),
    ],
)
def test_fully_grown_trees_vote_as_on_the_host(kind: Any, scale: float | None, tmp_path: Path) -> None:
    """Features lie on the thresholds' grid, where `<` and `<=` differ."""
    more = {} if kind is DecisionTreeClassifier else {"n_estimators": 7}
    estimator = kind(random_state=0, **more).fit(X, Y)
    samples = X[:60] if scale is None else (X[:60] / scale).astype(np.int16)
    difference, same = differences(variant(estimator, scale, tmp_path), samples)
    assert difference < 1e-6
    assert same


def test_mixed_leaves_are_within_their_bound(tmp_path: Path) -> None:
    estimator = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, Y)
    made = variant(estimator, None, tmp_path)
    assert build_firmware(made, TARGET, EmlearnBackend()).tolerance == Tolerance(LEAF_TOLERANCE, LEAF_REASON)
    difference, _ = differences(made, X[:60])
    assert 1e-6 < difference <= LEAF_TOLERANCE


@pytest.mark.parametrize(
    ("activation", "classes"),
    [("tanh", 2), *(pytest.param(name, 3, marks=pytest.mark.slow) for name in ("relu", "logistic"))],
)
def test_perceptrons_agree_to_the_last_digits_also_without_an_fpu(
    activation: str, classes: int, tmp_path: Path
) -> None:
    labels = np.minimum(Y, classes - 1)
    net = MLPClassifier((9, 5), activation=activation, max_iter=60, random_state=0).fit(X, labels)
    difference, same = differences(variant(net, None, tmp_path), X[:20], "nucleo_g0b1re")
    assert difference < 1e-5
    assert same


@given(st.floats(-1e30, 1e30), st.integers(-3, 3))
def test_a_bound_parts_floats_just_where_the_threshold_does(threshold: float, steps: int) -> None:
    x = np.float32(threshold)
    for _ in range(abs(steps)):
        x = np.nextafter(x, np.float32(np.copysign(np.inf, steps)))
    assert (float(x) <= threshold) == (x < np.float32(float(f"{_float_bound(threshold)}")))


def test_only_classifiers_of_scikit_learn_are_taken(tmp_path: Path) -> None:
    bouquet = Bouquet("float32")
    bouquet.layer("TANH", [bouquet.source(IMAGE)], bouquet.data(IMAGE))
    network = variant_of(bouquet.write(tmp_path), Quantization.FLOAT32)
    assert EmlearnBackend().complaints(network, TARGET, O2) == [
        "bouquet.tflite is a .tflite file; emlearn takes classifiers of scikit-learn (.skops)"
    ]


def test_a_perceptron_has_no_int16_and_needs_a_hidden_layer(tmp_path: Path) -> None:
    quantized = make_variant("wine_mlp", Quantization.INT16)
    assert EmlearnBackend().complaints(quantized, TARGET, O2) == [
        "layer classifier (MLPClassifier): int16 features are for trees; a perceptron takes float32"
    ]
    flat = MLPClassifier((), max_iter=20, random_state=0).fit(X, Y)
    with pytest.raises(UnsupportedModelError, match="needs a hidden layer"):
        build_firmware(variant(flat, None, tmp_path), TARGET, EmlearnBackend())


@pytest.mark.parametrize("name", ["tvm", "portable_c", "cmsis_nn"])
def test_backends_for_networks_say_that_it_is_none(name: str, tmp_path: Path) -> None:
    from harness.deploy.backends import find_backend

    made = variant(DecisionTreeClassifier(random_state=0).fit(X, Y), None, tmp_path)
    with pytest.raises(UnsupportedModelError, match=r"mine\.skops holds scikit-learn's DecisionTreeClassifier"):
        build_firmware(made, TARGET, find_backend(name))


def test_making_code_leaves_numpys_errors_as_they_were(tmp_path: Path) -> None:
    before = np.geterr()
    made = variant(DecisionTreeClassifier(random_state=0).fit(X, Y), None, tmp_path)
    EmlearnBackend().load()
    (tmp_path / "code").mkdir()
    EmlearnBackend().generate(made, TARGET, O2, tmp_path / "code")
    assert np.geterr() == before
