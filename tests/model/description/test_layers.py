"""The layers of descriptions: counts as published, and operators that backends for microcontrollers have."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError
from harness.model.model import Model
from harness.model.reference import run_reference
from harness.model.samples import random_inputs
from harness.model.tflite_graph import open_graph
from harness.model.zoo.find import find_entry
from harness.optimize import Quantization, make_variant
from harness.paths import REPOSITORY

SHARED = REPOSITORY.parent / "shared"
COUNTS = REPOSITORY / "docs" / "edgemark_counts.md"
PLAIN = {
    *("FULLY_CONNECTED", "ADD", "SUB", "MUL", "TANH", "LOGISTIC", "SPLIT", "STRIDED_SLICE", "PACK", "UNPACK"),
    *("RESHAPE", "QUANTIZE", "GATHER", "SOFTMAX"),
}
"""What recurrent models may consist of; no WHILE, and in int8 no DEQUANTIZE in their midst."""
_FLOAT_SPLIT = ("DEQUANTIZE",)
"""The forget gate of an LSTM's first step multiplies zeros, so nothing reads that output of its SPLIT, and TensorFlow's
quantizer, which has seen no values of it, leaves the one SPLIT in float."""


def _description(tmp_path: Path, rnn_type: str, embedding: int | None) -> str:
    path = tmp_path / f"{rnn_type.lower()}{embedding or ''}.yaml"
    data = f"{{input_size: 6, output_size: 6, sequence_length: 4, using_embedding: {str(bool(embedding)).lower()}}}"
    path.write_text(
        f"model_type: RNN\nrnn_type: {rnn_type}\nrnn_units: 5\nembedding_dim: {embedding or 'null'}\nepochs: 0\n"
        f"dataset:\n  name: randomset_seq\n  args: {data}\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("rnn_type", "embedding"),
    [
        ("SimpleRNN", 3),
        ("GRU", None),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in (("LSTM", None), ("LSTM", 3), ("GRU", 3))),
    ],
)
def test_recurrent_models_become_plain_operators(tmp_path: Path, rnn_type: str, embedding: int | None) -> None:
    source = _description(tmp_path, rnn_type, embedding)
    real, quantized = (make_variant(source, one).model for one in (Quantization.FLOAT32, Quantization.INT8))
    for model in (real, quantized):
        assert _operators_but(_FLOAT_SPLIT if rnn_type == "LSTM" else (), model) <= PLAIN
        assert [tensor.dtype for tensor in model.inputs] == ["int32"] if embedding else [model.outputs[0].dtype]
        assert not any(tensor.is_variable for tensor in open_graph(model).tensors)
    assert quantized.outputs[0].dtype == "int8"
    assert _steps(quantized) == _steps(real) == 4
    outputs = run_reference(real, random_inputs(real, 5, 0))
    assert outputs.shape == (5, 4, 6)
    assert np.ptp(outputs, axis=0).max() > 0


def _operators_but(allowed: tuple[str, ...], model: Model) -> set[str]:
    """Those of a model, less one of each that is allowed."""
    operators = [layer.op for layer in model.layers]
    for name in set(allowed) & set(operators):
        operators.remove(name)
    return set(operators)


def _steps(model: Model) -> int:
    """Through how many time steps it is unrolled."""
    (packed,) = (layer for layer in model.layers if layer.op == "PACK")
    return len(packed.inputs)


def test_a_reference_model_refuses_other_data(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("model_type: TinyMLPerf_ResNet\nepochs: 0\ndataset: {name: mnist}\n")
    with pytest.raises(ModelError, match=r"takes samples of shape \(32, 32, 3\) .* the data set has \(28, 28, 1\)"):
        make_variant(str(path), Quantization.FLOAT32)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not on this machine")
def test_every_count_of_edgemarks_is_met() -> None:
    """The page is made by `benchmarks/edgemark_counts.py`, which asks TensorFlow's profiler."""
    with (SHARED / "truth" / "edgemark_models_meta.csv").open() as file:
        published = {row["model"]: (int(row["params"]), int(row["macs"])) for row in csv.DictReader(file)}
    rows = [line.strip("| \n").split(" | ") for line in COUNTS.read_text().splitlines() if line.startswith("| ")][2:]
    found = {row[0]: [float(cell.replace(",", "")) for cell in row[1:]] for row in rows}
    assert found.keys() == published.keys()
    for name, (parameters, _, macs, biases, softmax, pooling, others, profiled, _, _) in found.items():
        assert (parameters, profiled) == published[name]
        assert int(macs + biases + softmax + pooling + others) == profiled


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("fc_3", 1042, 1008),
        pytest.param("cnn_4", 12114, 737056, marks=pytest.mark.slow),
        pytest.param("fc_9", 49750, 49632, marks=pytest.mark.slow),
        pytest.param("sww_ds_cnn", 46627, 826368, marks=pytest.mark.slow),
    ],
)
def test_what_is_deployed_has_the_counts_of_the_page(name: str, parameters: int, macs: int) -> None:
    model = make_variant(f"{name}?epochs=0", Quantization.FLOAT32).model
    assert (model.parameters, model.macs) == (parameters, macs)
    assert not find_entry(f"{name}?epochs=0").trained
