"""The zoo's architectures against MLPerf Tiny's reference files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.model.datasets import load_named
from harness.model.model import Model
from harness.model.tflite_reader import read_tflite
from harness.model.zoo import ZOO
from harness.model.zoo.classical import ClassicalEntry
from harness.optimize import Quantization, make_variant

REFERENCES = {
    "kws_ds_cnn": "kws_ref_model",
    "ic_resnet8": "pretrainedResnet_quant",
    "vww_mobilenet_v1": "vww_96_int8",
    "ad_autoencoder": "ad01_int8",
}


def _structure(model: Model) -> list[tuple[object, ...]]:
    """Operators with their data's shapes, MACs and parameters.

    Newer converters leave out a RESHAPE before FULLY_CONNECTED, which flattens its input itself.
    """
    return [
        (layer.op, _without_ones(layer.inputs[0].shape), layer.outputs[0].shape, layer.macs, layer.parameters)
        for layer in model.layers
        if layer.op != "RESHAPE"
    ]


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


@pytest.mark.parametrize("name", REFERENCES)
def test_an_architecture_is_layer_for_layer_that_of_mlperf_tiny(mlperf: Callable[[str], Path], name: str) -> None:
    ours = make_variant(name, Quantization.INT8).model
    reference = read_tflite(mlperf(REFERENCES[name]))
    assert _structure(ours) == _structure(reference)
    assert [tensor.shape for tensor in ours.inputs] == [tensor.shape for tensor in reference.inputs]


@pytest.mark.parametrize("name", REFERENCES)
def test_inputs_are_quantized_like_the_references(mlperf: Callable[[str], Path], name: str) -> None:
    """The zoo's input ranges come from the reference files, so that int8 inputs mean the same to both."""
    (ours,) = make_variant(name, Quantization.INT8).model.inputs
    (reference,) = read_tflite(mlperf(REFERENCES[name])).inputs
    assert ours.scale == pytest.approx(reference.scale, rel=0.01)
    assert ours.zero_point == pytest.approx(reference.zero_point, abs=1)


def test_only_what_was_trained_claims_an_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    for entry in ZOO.values():
        assert ("untrained" in entry.remark) != entry.trained
        assert entry.test_data() is None or entry.trained
    trained = {name for name, entry in ZOO.items() if entry.trained and not isinstance(entry, ClassicalEntry)}
    assert trained == {"lenet5_digits", "resnet8_digits", "micro_cnn", "fc_0", "fc_1", "fc_2"}
    (tmp_path / "mnist.npz").touch()
    assert {"lenet5_mnist", "lenet5_classic", "fc_9", "cnn_1"} <= {name for name, one in ZOO.items() if one.trained}


def test_the_digits_have_lenets_shape() -> None:
    model = make_variant("lenet5_digits", Quantization.FLOAT32).model
    assert model.inputs[0].shape[1:] == load_named("digits").samples.shape[1:]
    assert [layer.inputs[1].shape[1:3] for layer in model.layers if layer.op == "CONV_2D"] == [(3, 3), (3, 3)]


@pytest.mark.parametrize("name", ZOO)
def test_made_up_inputs_fill_the_range_and_differ(name: str) -> None:
    entry = ZOO[name]
    inputs = entry.made_up_inputs(50, 5)
    np.testing.assert_array_equal(inputs, entry.made_up_inputs(50, 5))
    assert inputs.shape == (50, *entry.input_shape)
    low, high = entry.input_range
    assert (inputs.min(), inputs.max()) == pytest.approx((low, high), abs=0.02 * (high - low))
    # Indices are drawn one by one; what is real has patches.
    if not entry.goal.indices:
        assert inputs.reshape(50, -1).mean(axis=1).std() > 0.02 * (high - low)


def test_every_model_says_what_it_is_for_and_where_it_comes_from() -> None:
    for name, entry in ZOO.items():
        assert entry.name == name
        assert all((entry.title, entry.task, entry.dataset, entry.metric, entry.source))


def test_the_zoo_is_listed_without_tensorflow() -> None:
    command = "import sys, harness.model.zoo; sys.exit(bool({'tensorflow', 'keras', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
