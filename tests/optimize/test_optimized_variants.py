"""Variants made by recipes, from a small trained network to the file: smaller, sparser, coarser, and still right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import ConfigError, ModelError
from harness.model.datasets import quantize_samples
from harness.model.reference import run_reference
from harness.model.tflite_graph import open_graph
from harness.model.zoo.find import find_entry
from harness.optimize import Quantization, Recipe, Variant, make_variant
from harness.optimize.detect import detect_quantization
from harness.optimize.file_facts import file_facts

DESCRIPTION = """
model_type: CNN
convs_params: [[8, 3, 2], [12, 3, 2]]
denses_params: [24]
epochs: 5
batch_size: 32
learning_rate: 0.003
dataset: {name: digits}
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("descriptions") / "small_cnn.yaml"
    path.write_text(DESCRIPTION)
    return str(path)


def make(network: str, quantization: Quantization, words: str = "") -> Variant:
    return make_variant(network, quantization, Recipe.parse(words))


def accuracy(network: str, variant: Variant) -> float:
    data = find_entry(network).test_data()
    assert data is not None
    outputs = run_reference(variant.model, quantize_samples(data, variant.model.inputs[0]))
    return float((outputs.argmax(axis=1) == data.labels).mean())


def values_of_channels(variant: Variant) -> int:
    """The most different values that the weights of any output channel have, in any kernel with scales by channel."""
    kernels = [one for one in open_graph(variant.model).tensors if one.data is not None and len(one.scales) > 1]
    weighted = [one for one in kernels if len(one.shape) > 1]
    assert weighted
    return max(
        len(np.unique(channel))
        for one in weighted
        for channel in np.moveaxis(np.asarray(one.data), one.quantized_dimension, 0).reshape(len(one.scales), -1)
    )


def test_cutting_half_of_the_channels_leaves_a_smaller_network_that_still_reads(network: str) -> None:
    whole, half = (make(network, Quantization.INT8, words) for words in ("", "channels50-epochs2"))
    assert half.model.macs < 0.5 * whole.model.macs
    assert half.model.size < whole.model.size
    assert half.recipe == Recipe(channels=50, epochs=2)
    assert accuracy(network, half) > 0.85
    assert accuracy(network, whole) > 0.9


def test_zeros_and_shared_values_outlive_training_for_int8(network: str) -> None:
    variant = make(network, Quantization.INT8, "prune50-cluster16-qat-epochs2")
    assert detect_quantization(open_graph(variant.model), network) is Quantization.INT8
    assert values_of_channels(variant) <= 16
    facts, plain = file_facts(variant.model), file_facts(make(network, Quantization.INT8).model)
    assert 0.49 < facts["sparsity"] < 0.6
    assert facts["model_gzip"] < 0.8 * plain["model_gzip"]
    assert plain["sparsity"] < 0.1
    assert accuracy(network, variant) > 0.8
    assert variant.representative_samples == 0
    assert variant.steps[:3] == (
        "50 % of each kernel's weights made zero",
        "at most 16 values a kernel",
        "trained with rounded weights and activations",
    )


def test_a_calibration_by_mse_with_one_scale_a_kernel_is_that(network: str) -> None:
    variant = make(network, Quantization.INT8_FLOAT_IO, "mse-per_tensor")
    assert detect_quantization(open_graph(variant.model), network) is Quantization.INT8_FLOAT_IO
    assert not variant.per_channel
    assert make(network, Quantization.INT8).per_channel
    assert accuracy(network, variant) > 0.9


def test_what_was_made_once_is_not_made_again(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make(network, Quantization.INT8, "channels50-epochs2")
    monkeypatch.setattr("subprocess.Popen", None)
    assert make(network, Quantization.INT8, "epochs2-channels50") == before


def test_a_recipe_that_needs_data_is_refused_where_there_is_none() -> None:
    with pytest.raises(ModelError, match="kws_ds_cnn was not trained here, as its data is not at hand; qat needs it"):
        make("kws_ds_cnn", Quantization.INT8, "qat")
    with pytest.raises(ConfigError, match="qat trains for int8"):
        make("kws_ds_cnn", Quantization.FLOAT32, "qat")


@pytest.mark.slow
def test_a_recipe_gives_the_same_bytes_again(network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "channels25-prune50-cluster16-qat-distill-epochs1"
    before = make(network, Quantization.INT8, words)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    again = make(network, Quantization.INT8, words)
    assert again.model.path != before.model.path
    assert again.model.sha256 == before.model.sha256


@pytest.mark.slow
def test_a_teacher_with_other_inputs_teaches_if_the_samples_are_the_same(network: str) -> None:
    taught = make(network, Quantization.FLOAT32, "channels50-distill_lenet5_digits-epochs2")
    assert accuracy(network, taught) > 0.85
    with pytest.raises(ModelError, match="trained on other samples"):
        make("lenet5_digits", Quantization.FLOAT32, "distill_fc_0")
