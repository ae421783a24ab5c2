"""Reading model files: what comes out of good ones, and that bad ones give one clear error."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.model.model import Model
from harness.model.tflite_graph import open_graph
from harness.model.tflite_reader import parse_graph, read_tflite
from harness.optimize import Quantization, make_variant

REFERENCES = ("ad01_int8", "kws_ref_model", "pretrainedResnet", "pretrainedResnet_quant", "vww_96_int8")


# MACs as MLPerf Tiny's own tools count them; parameters with batch normalization folded into weights and biases.
@pytest.mark.parametrize(
    ("name", "layers", "macs", "parameters"),
    [
        ("ad01_int8", 10, 264_192, 265_864),
        ("kws_ref_model", 13, 2_656_768, 22_604),
        ("pretrainedResnet", 16, 12_501_632, 77_706),
        ("pretrainedResnet_quant", 16, 12_501_632, 77_706),
        ("vww_96_int8", 31, 7_489_664, 210_850),
    ],
)
def test_reference_models_have_the_known_layers_macs_and_parameters(
    mlperf: Callable[[str], Path], name: str, layers: int, macs: int, parameters: int
) -> None:
    model = read_tflite(mlperf(name))
    assert (len(model.layers), model.macs, model.parameters) == (layers, macs, parameters)
    assert len({layer.name for layer in model.layers}) == layers


def test_a_model_survives_json(lenet: Model) -> None:
    assert Model.from_json(lenet.to_json()) == lenet


def test_operators_are_known_by_the_newer_code_alone(
    lenet: Model, edited: Callable[[Model, Callable[[Any], None]], bytes]
) -> None:
    """LiteRT's quantizer writes no other for what it inserts."""

    def forget_old_codes(tree: Any) -> None:
        for code in tree.operatorCodes:
            code.deprecatedBuiltinCode = 0

    graph = parse_graph(edited(lenet, forget_old_codes), "edited")
    assert [one.op for one in graph.operators] == [layer.op for layer in lenet.layers]


def test_input_and_output_carry_their_quantization(mlperf: Callable[[str], Path]) -> None:
    model = read_tflite(mlperf("kws_ref_model"), "kws")
    (first,), (last,) = model.inputs, model.outputs
    assert (model.name, first.shape, first.dtype, first.zero_point) == ("kws", (1, 49, 10, 1), "int8", 83)
    assert first.scale == pytest.approx(0.5847029)
    assert (last.shape, last.scale, last.zero_point) == ((1, 12), 1 / 256, -128)


def test_the_graph_has_weights_channel_scales_and_options(mlperf: Callable[[str], Path]) -> None:
    graph = open_graph(read_tflite(mlperf("kws_ref_model")))
    first = graph.operators[0]
    assert first.inputs[1] is not None
    weights = graph.tensors[first.inputs[1]]
    assert weights.data is not None
    assert (weights.data.shape, str(weights.data.dtype)) == ((64, 10, 4, 1), "int8")
    assert (weights.scales.shape, weights.zero_points.shape, weights.quantized_dimension) == ((64,), (64,), 0)
    assert (first.options["stride_h"], first.options["padding"]) == (2, "SAME")
    assert first.options["fused_activation_function"] == "RELU"
    assert [operator.name for operator in graph.operators] == [
        layer.name for layer in read_tflite(mlperf("kws_ref_model")).layers
    ]


def test_a_file_that_changed_is_not_opened_again(lenet: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(lenet.read_bytes())
    model = read_tflite(path)
    path.write_bytes(lenet.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="changed"):
        open_graph(model)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\0\0\0TFL3", b"PK\3\4" + bytes(60), bytes(1000)])
def test_what_is_no_tflite_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"other\.tflite"):
        read_tflite(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tflite", tmp_path):
        with pytest.raises(ModelError, match=str(path)):
            read_tflite(path)


def _refused(content: bytes) -> bool:
    try:
        parse_graph(content, "cut.tflite")
    except ModelError as error:
        return str(error).startswith("cut.tflite: ")
    return False


@pytest.mark.parametrize("quantization", [Quantization.FLOAT32, Quantization.INT8])
def test_a_file_cut_at_any_byte_is_refused(quantization: Quantization) -> None:
    content = make_variant("lenet5_digits", quantization).model.read_bytes()
    assert [size for size in range(len(content)) if not _refused(content[:size])] == []


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_files_cut_anywhere_are_refused(mlperf: Callable[[str], Path], name: str) -> None:
    content = mlperf(name).read_bytes()
    sizes = random.Random(0).sample(range(len(content)), 2000)
    assert [size for size in (*sizes, len(content) - 1) if not _refused(content[:size])] == []


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_give_a_model_or_a_model_error(lenet: Model, data: st.DataObject) -> None:
    content = bytearray(lenet.read_bytes())
    # Half of the changes go where the tables are: weights fill the middle of the file.
    places = st.one_of(st.integers(0, 2000), st.integers(len(content) - 9000, len(content) - 1))
    anywhere = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(st.one_of(places, anywhere), min_size=1, max_size=4)):
        values = data.draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 127, 128, 254, 255])))
        content[place] = values
    words = ""
    try:
        assert parse_graph(bytes(content), "mutated.tflite").operators
    except ModelError as error:
        words = str(error)
    assert not words or words.startswith("mutated.tflite: ")
