"""What other scaling of sums may make of outputs, by the arithmetic itself and TFLite's own softmax."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.deploy.backend import Tolerance
from harness.deploy.dense_tolerance import (
    SHORT_MULTIPLIER,
    TWO_ROUNDINGS,
    DenseDeviation,
    tolerance_of,
    usual_tolerance,
)
from harness.deploy.quantize_math import Rounding, multiply, quantize_multiplier
from harness.model.model import Model
from harness.model.tflite_graph import Graph, open_graph
from tests.deploy.agreement import Reference
from tests.deploy.tiny_model import TinyModel

ROUNDS_TWICE = DenseDeviation("rounds twice", {"int8": TWO_ROUNDINGS})
WIDTH, CLASSES = 16, 5
Stored = NDArray[np.int64]


def dense_layers(
    path: Path, seed: int, layers: int, ratio: float, *last: str, logits: float = 0.1, dtype: str = "int8"
) -> Model:
    """Dense layers, and what comes behind them.

    Args:
        ratio: of an accumulator's step to an output's: a quarter leaves most ties.
        logits: the scale of the last layer's outputs.
    """
    rng, tiny = np.random.default_rng(seed), TinyModel()
    x = value = tiny.tensor((1, WIDTH), dtype, scale=0.1)
    for index in range(layers):
        width, scale = (CLASSES, logits) if index == layers - 1 else (WIDTH, 0.1)
        data = rng.integers(-3, 4, (width, WIDTH))
        w = tiny.tensor((width, WIDTH), scale=ratio * scale / 0.1, data=data)
        value = tiny.operator("FULLY_CONNECTED", [value, w, -1], tiny.tensor((1, width), dtype, scale=scale), _OPTIONS)
    for name in last:
        value = _behind(tiny, name, value)
    return tiny.write(path / "dense.tflite", [x], [value])


_OPTIONS = "FullyConnectedOptions"


def stated_for(graph: Graph) -> Tolerance | None:
    return tolerance_of(graph, ROUNDS_TWICE)


def _behind(tiny: TinyModel, name: str, value: int) -> int:
    if name == "SOFTMAX":
        return tiny.operator(name, [value], _probabilities(tiny), "SoftmaxOptions", beta=1.0)
    if name in ("DEQUANTIZE", "ABS"):
        return tiny.operator(name, [value], tiny.tensor((1, CLASSES), "float32"))
    if name == "FULLY_CONNECTED":
        w = tiny.tensor((CLASSES, CLASSES), scale=0.1, data=np.eye(CLASSES, dtype=np.int64))
        return tiny.operator(name, [value, w, -1], _probabilities(tiny), _OPTIONS)
    return tiny.operator(name, [value], _probabilities(tiny))


def _probabilities(tiny: TinyModel) -> int:
    return tiny.tensor((1, CLASSES), scale=1 / 256, zero_point=-128)


def dense_outputs(graph: Graph, stored: Stored, rounding: Rounding) -> Stored:
    """The last dense layer's outputs, all zero points being 0."""
    for operator in graph.operators:
        if operator.op == "FULLY_CONNECTED":
            x, w = (graph.tensors[index] for index in operator.inputs[:2] if index is not None)
            y = graph.tensors[operator.outputs[0]]
            assert w.data is not None
            by = quantize_multiplier(float(x.scales[0] * w.scales[0]) / float(y.scales[0]))
            sums = w.data.astype(np.int64) @ stored
            stored = np.clip([multiply(int(each), by, rounding) for each in sums], -128, 127)
    return stored


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**16), st.integers(2, 3), st.sampled_from([1 / 4, 1 / 16, 3 / 40, 0.011]))
def test_dense_layers_stay_within_the_bound(seed: int, layers: int, ratio: float) -> None:
    with TemporaryDirectory() as name:
        graph = open_graph(dense_layers(Path(name), seed, layers, ratio))
    stated = stated_for(graph)
    bound = 1.0 if stated is None else 255.0 if stated.reason == ROUNDS_TWICE.unbounded else stated.bound
    rng = np.random.default_rng(seed)
    for _ in range(20):
        stored = rng.integers(-128, 128, WIDTH)
        once, twice = (dense_outputs(graph, stored, rounding) for rounding in Rounding)
        assert np.abs(once - twice).max() <= bound


def test_one_dense_layer_is_within_the_step_that_is_tolerated_anyway(tmp_path: Path) -> None:
    graph, rng, worst = open_graph(dense_layers(tmp_path, 0, 1, 1 / 4)), np.random.default_rng(0), 0
    assert stated_for(graph) is None
    for _ in range(200):
        once, twice = (dense_outputs(graph, stored, r) for stored in [rng.integers(-128, 128, WIDTH)] for r in Rounding)
        worst = max(worst, int(np.abs(once - twice).max()))
    assert worst == 1


@given(st.integers(-(2**40), 2**40), st.floats(1e-9, 0.5))
def test_sixteen_bits_of_the_multiplier_are_a_step_of_int16(total: int, real: float) -> None:
    by = quantize_multiplier(real)
    shortened = min((by.quantized + (1 << 15)) >> 16, 0x7FFF)
    shift = by.total_shift - 16
    exact, short = Fraction(total * by.quantized, 2**by.total_shift), Fraction(total * shortened, 2**shift)
    assume(abs(exact) <= 2**15)
    assert abs(floor(exact + Fraction(1, 2)) - floor(short + Fraction(1, 2))) <= floor(SHORT_MULTIPLIER)


@pytest.mark.parametrize("name", ["SOFTMAX", "LOGISTIC"])
@pytest.mark.parametrize("logits", [0.02, 0.1, 0.2])
def test_shares_stay_within_the_bound_when_logits_move_by_a_step(name: str, logits: float, tmp_path: Path) -> None:
    stated = stated_for(open_graph(dense_layers(tmp_path, 0, 1, 1 / 4, name, logits=logits)))
    assert stated is not None
    tiny = TinyModel()
    x = tiny.tensor((1, CLASSES), scale=logits)
    reference = Reference(tiny.write(tmp_path / "shares.tflite", [x], [_behind(tiny, name, x)]))
    rng, worst = np.random.default_rng(0), 0
    for stored in rng.integers(-20, 20, (400, 1, CLASSES)):
        pair = (stored, stored + rng.choice([-1, 1], stored.shape))
        near, far = (reference.run((one.astype(np.int8),))[0].astype(int) for one in pair)
        worst = max(worst, int(np.abs(near - far).max()))
    assert stated.bound / 4 < worst <= stated.bound


def test_behind_a_dequantize_the_bound_is_in_its_unit(tmp_path: Path) -> None:
    stored, real = (
        stated_for(open_graph(dense_layers(tmp_path, 0, 1, 1 / 4, "SOFTMAX", *last))) for last in ((), ("DEQUANTIZE",))
    )
    assert stored is not None
    assert real is not None
    assert real.bound == pytest.approx(stored.bound / 256)


@pytest.mark.parametrize(
    ("layers", "last"), [(6, ()), (1, ("TANH",)), (6, ("SOFTMAX",)), (1, ("TANH", "FULLY_CONNECTED"))]
)
def test_where_no_bound_would_mean_anything_the_usual_step_is_left(
    layers: int, last: tuple[str, ...], tmp_path: Path
) -> None:
    graph = open_graph(dense_layers(tmp_path, 0, layers, 1 / 4, *last))
    assert stated_for(graph) == Tolerance(1.0, ROUNDS_TWICE.unbounded)


def test_of_int16_the_usual_step_is_that_of_int8_on_its_range(tmp_path: Path) -> None:
    shortens = DenseDeviation("takes 16 bits", {"int16": SHORT_MULTIPLIER})
    wide, narrow = (
        tolerance_of(open_graph(dense_layers(tmp_path, 0, 9, 1 / 4, dtype=dtype)), shortens)
        for dtype in ("int16", "int8")
    )
    assert (wide, narrow) == (Tolerance(256.0, shortens.unbounded), None)


def test_between_releases_of_one_runtime_only_what_is_finer_than_int8_may_differ(tmp_path: Path) -> None:
    wide, real, narrow = (
        usual_tolerance(open_graph(dense_layers(tmp_path, 0, 1, 1 / 4, *last, dtype=dtype)), "another release")
        for dtype, last in (("int16", ()), ("int16", ("DEQUANTIZE",)), ("int8", ()))
    )
    assert wide == Tolerance(256.0, "another release")
    assert real is not None
    assert real.bound == pytest.approx(256 * 0.1)
    assert narrow is None


def test_floats_computed_from_what_differs_are_not_let_off(tmp_path: Path) -> None:
    graph = open_graph(dense_layers(tmp_path, 0, 1, 1 / 4, "DEQUANTIZE", "ABS"))
    assert stated_for(graph) == Tolerance(0.0, ROUNDS_TWICE.unbounded)


def test_a_bound_grows_with_the_weights_behind_the_first_layer(tmp_path: Path) -> None:
    bounds = [stated_for(open_graph(dense_layers(tmp_path, 0, 2, ratio))) for ratio in (1 / 40, 1 / 8)]
    small, large = (one.bound if one else 0.0 for one in bounds)
    assert 1 < small < large <= 32
