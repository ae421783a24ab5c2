"""Variants: converted from the zoo, reproducible, cached, quiet; or a user's file as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ConfigError, ModelError
from harness.model.dataset import Dataset
from harness.model.datasets import load_named, quantize_samples, random_inputs
from harness.model.reference import run_reference
from harness.model.tflite_graph import open_graph
from harness.model.zoo.find import model_part
from harness.optimize import Quantization, Variant, make_variant, variant_of_file
from harness.optimize.detect import detect_quantization
from harness.optimize.quantization import NETWORK_QUANTIZATIONS

BOTH = (Quantization.FLOAT32, Quantization.INT8)
MLPERF = ["kws_ds_cnn", "ic_resnet8", "vww_mobilenet_v1", "ad_autoencoder"]
QUICK = ["lenet5_digits", *MLPERF, "simple_rnn_0"]
"""Models that are converted in every run of the tests; the others are marked slow, and not trained."""
SLOW = ["sww_ds_cnn", "mobilenet_v2", "resnet20", "micro_cnn", "fc_2", "cnn_7", "gru", "lstm", "shakespeare_1"]
OTHERS = [pytest.param(f"{name}?epochs=0", marks=pytest.mark.slow) for name in SLOW]


@pytest.mark.slow
def test_micro_cnn_reads_digits() -> None:
    assert _accuracy(make_variant("micro_cnn", Quantization.INT8)) >= 0.9


def _accuracy(variant: Variant) -> float:
    data = load_named("digits", "test")
    outputs = run_reference(variant.model, quantize_samples(data, variant.model.inputs[0]))
    return float((outputs.argmax(axis=1) == data.labels).mean())


def test_lenet_reads_digits_it_has_not_seen_and_no_quantization_costs_half_a_point() -> None:
    real = _accuracy(make_variant("lenet5_digits", Quantization.FLOAT32))
    assert real >= 0.98
    for quantization in NETWORK_QUANTIZATIONS:
        assert _accuracy(make_variant("lenet5_digits", quantization)) >= real - 0.005


@pytest.mark.parametrize("name", [*QUICK, *OTHERS])
def test_a_variant_is_quantized_throughout(name: str) -> None:
    for quantization in NETWORK_QUANTIZATIONS if name == "lenet5_digits" else BOTH:
        variant = make_variant(name, quantization)
        assert detect_quantization(open_graph(variant.model), name) is variant.quantization is quantization
        assert (variant.source, variant.model.name) == (name, model_part(name))
        assert variant.model.inputs[0].dtype == ("int32" if "shakespeare" in name else quantization.io)
        assert variant.model.outputs[0].dtype == quantization.io
        if name in MLPERF or name == "lenet5_digits":  # others have layers of one channel alone, or none with weights
            assert variant.per_channel is ("8" in quantization or quantization is Quantization.DYNAMIC)


@pytest.mark.parametrize("name", MLPERF)
def test_untrained_models_are_alive_in_every_layer(name: str) -> None:
    """Dead channels (all weights 0, or scales that differ by orders) would make timing and int8 ranges unreal."""
    model = make_variant(name, Quantization.INT8).model
    outputs = run_reference(model, random_inputs(model, 30, 0)).reshape(30, -1).astype(float)
    assert outputs.std(axis=0).mean() > 5
    graph = open_graph(model)
    for operator in graph.operators:
        scale = graph.tensors[operator.outputs[0]].scales
        assert 1e-4 < scale[0] < 10
        weights = [graph.tensors[one] for one in operator.inputs[1:2] if one is not None]
        for one in weights:
            if one.data is not None and one.dtype == "int8":
                channels = one.data.reshape(-1, one.shape[-1]) if operator.op.startswith("DEPTH") else one.data
                assert np.abs(channels).astype(int).sum() > 0


# Not the 27 random layers of MobileNetV1, which magnify every rounding.
@pytest.mark.parametrize("name", ["kws_ds_cnn", "ic_resnet8", "ad_autoencoder"])
def test_int8_follows_float32_without_training_too(name: str) -> None:
    real, quantized = (make_variant(name, one).model for one in BOTH)
    data = Dataset(name, random_inputs(real, 30, 1), np.zeros(30, np.int64), "made up")
    expected = run_reference(real, data.samples)
    stored = run_reference(quantized, quantize_samples(data, quantized.inputs[0]))
    last = quantized.outputs[0]
    assert last.scale is not None
    assert last.zero_point is not None
    found = (stored.astype(np.float64) - last.zero_point) * last.scale
    assert np.corrcoef(expected.astype(np.float64).ravel(), found.ravel())[0, 1] > 0.95


def test_a_second_call_needs_no_tensorflow_and_says_nothing() -> None:
    make_variant("kws_ds_cnn", Quantization.INT8)
    command = (
        "import sys; from harness.optimize import *; make_variant('kws_ds_cnn', Quantization.INT8);"
        "sys.exit('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_order_silently(tmp_path: Path) -> None:
    here = [make_variant(name, Quantization.INT8).model.sha256 for name in ("ad_autoencoder", "kws_ds_cnn")]
    command = (
        "from harness.optimize import *\n"
        "for name in ('kws_ds_cnn', 'ad_autoencoder'): print(make_variant(name, Quantization.INT8).model.sha256)"
    )
    environment = os.environ | {"HARNESS_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == here[::-1]
    assert done.stderr == ""


@pytest.mark.slow
def test_training_gives_the_same_bytes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_variant("lenet5_digits", Quantization.INT8)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    again = make_variant("lenet5_digits", Quantization.INT8)
    assert again.model.path != before.model.path
    assert again.model.sha256 == before.model.sha256


def test_another_seed_or_representative_set_gives_another_variant() -> None:
    variants = [
        make_variant("ad_autoencoder", Quantization.INT8),
        make_variant("ad_autoencoder", Quantization.INT8, seed=1),
        make_variant("ad_autoencoder", Quantization.INT8, representative_samples=3),
    ]
    assert len({variant.model.sha256 for variant in variants}) == 3
    assert [variant.representative_samples for variant in variants] == [100, 100, 3]


def test_a_users_file_is_taken_as_it_is(tmp_path: Path) -> None:
    for quantization in NETWORK_QUANTIZATIONS:
        made = make_variant("lenet5_digits", quantization)
        path = tmp_path / f"mine_{quantization}.tflite"
        path.write_bytes(made.model.read_bytes())
        variant = variant_of_file(path)
        assert (variant.quantization, variant.source) == (quantization, str(path))
        assert variant.per_channel is made.per_channel
        assert (variant.model.name, variant.model.sha256) == (path.stem, made.model.sha256)


def test_a_mix_of_types_is_refused_with_a_way_out() -> None:
    graph = open_graph(make_variant("lenet5_digits", Quantization.INT8_FLOAT_IO).model)
    last = graph.operators[-1]
    assert last.op == "DEQUANTIZE"
    assert last.inputs[0] is not None
    with pytest.raises(ModelError, match=r"mine: mixes .*float32 and int8.*; convert it to float32 or to int8"):
        detect_quantization(replace(graph, outputs=(last.inputs[0],)), "mine")
    layer = replace(graph.operators[-2], outputs=last.outputs)
    with pytest.raises(ModelError, match="layers that compute float32 and int8"):
        detect_quantization(replace(graph, operators=(*graph.operators[:-2], layer)), "mine")


def test_a_quantization_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no quantization is called 'int7'; there are float32, float16"):
        Quantization("int7")


def test_an_unknown_name_and_too_few_samples_are_refused() -> None:
    with pytest.raises(ModelError, match="no model 'alexnet'; it has lenet5_digits"):
        make_variant("alexnet", Quantization.INT8)
    with pytest.raises(ModelError, match="1 representative sample or more"):
        make_variant("kws_ds_cnn", Quantization.INT8, representative_samples=0)
    with pytest.raises(ModelError, match="1438 training samples, not 5000"):
        make_variant("lenet5_digits", Quantization.INT8, representative_samples=5000)
