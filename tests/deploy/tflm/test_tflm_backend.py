"""The backend without a tree: what it says it can't do, and the resolver and the arena that it would make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.board.board_file import load_board
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.deploy.options import O2, Kernels
from harness.deploy.tflm import TflmBackend
from harness.deploy.tflm.generated import header
from harness.deploy.tflm.operators import needed_methods, refused_by_cmsis_nn, resolver_methods, unsupported
from harness.deploy.tflm.probe import Arena
from harness.deploy.tflm.sources import list_sources
from harness.deploy.tflm.tree import find_tree
from harness.errors import ConfigError, UnsupportedModelError
from harness.model.model import Model
from harness.model.tflite_graph import open_graph
from harness.optimize.variant import Quantization
from tests.deploy.tflm.fake_tree import write_tree
from tests.deploy.tiny_model import TinyModel, variant_of

L4R5 = load_board("nucleo_l4r5zi").target
METHODS = {"FULLY_CONNECTED": "AddFullyConnected", "ABS": "AddAbs"}


def chain(path: Path, weights: str = "int8", activations: str = "int8", last: str = "ABS", channels: int = 1) -> Model:
    """Two dense layers, whose weights have so many scales, and another operator."""
    tiny = TinyModel()
    x = tensor = tiny.tensor((1, 8), activations, scale=0.1)
    for _ in range(2):
        w = tiny.tensor((8, 8), weights, scale=np.full(channels, 0.1), data=np.ones((8, 8)))
        made = tiny.tensor((1, 8), activations, scale=0.1)
        tensor = tiny.operator("FULLY_CONNECTED", [tensor, w, -1], made, "FullyConnectedOptions")
    y = tiny.operator(last, [tensor], tiny.tensor((1, 8), activations, scale=0.1))
    return tiny.write(path / "chain.tflite", [x], [y])


@pytest.fixture
def _no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFLM_ROOT", raising=False)
    monkeypatch.delenv("TFLM_GIT", raising=False)


@pytest.mark.usefixtures("_no_tree")
def test_without_a_tree_a_build_is_refused_with_the_way_to_get_one(tmp_path: Path) -> None:
    backend = find_backend("tflm")
    assert backend.versions() == {}
    with pytest.raises(UnsupportedModelError, match="there is no TensorFlow Lite Micro: set TFLM_ROOT"):
        build_firmware(variant_of(chain(tmp_path)), L4R5, backend)


def test_the_operators_are_those_of_the_trees_own_resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree")))
    assert resolver_methods(find_tree()) == {
        "ABS": "AddAbs",
        "ASSIGN_VARIABLE": "AddAssignVariable",
        "CIRCULAR_BUFFER": "AddCircularBuffer",
        "FULLY_CONNECTED": "AddFullyConnected",
    }


def test_operators_are_claimed_for_the_types_that_their_kernels_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_tree(tmp_path / "tree")
    kernels = root / "tensorflow/lite/micro/kernels"
    (kernels / "elementwise.cc").write_text("TFLMRegistration Register_ABS() {\n  case kTfLiteFloat32: ;\n}\n")
    (kernels / "fully_connected_common.cc").write_text("if (type == kTfLiteInt16) {}\n")
    (kernels / "cmsis_nn/fully_connected.cc").write_text("R Register_FULLY_CONNECTED() {\n  case kTfLiteInt8: ;\n}\n")
    monkeypatch.setenv("TFLM_ROOT", str(root))
    integers, bytes_alone = ("FULLY_CONNECTED",), ("ASSIGN_VARIABLE", "CIRCULAR_BUFFER")
    assert TflmBackend().claims().operators == {
        Quantization.FLOAT32: ("ABS", *bytes_alone),
        Quantization.INT8_FLOAT_IO: (*bytes_alone, *integers),
        Quantization.INT8: (*bytes_alone, *integers),
        Quantization.INT16X8_FLOAT_IO: (*bytes_alone, *integers),
        Quantization.INT16X8: (*bytes_alone, *integers),
    }


@pytest.mark.usefixtures("_no_tree")
def test_without_a_tree_nothing_is_claimed() -> None:
    assert TflmBackend().claims().operators == {}


def test_a_resolver_of_another_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(tmp_path / "tree")
    (root / "tensorflow/lite/micro/micro_mutable_op_resolver.h").write_text("class Resolver {};")
    monkeypatch.setenv("TFLM_ROOT", str(root))
    with pytest.raises(ConfigError, match="has no operators that I can find"):
        resolver_methods(find_tree())


def test_a_missing_operator_is_named_with_its_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree")))
    variant = variant_of(chain(tmp_path, last="RELU"))
    assert TflmBackend().complaints(variant, L4R5, O2) == [
        "layer tensor_5 (RELU): this tree of TensorFlow Lite Micro does not have the operator"
    ]


def test_weights_of_int8_on_floats_are_refused_at_each_layer(tmp_path: Path) -> None:
    graph = open_graph(chain(tmp_path, activations="float32"))
    refusal = "TensorFlow Lite Micro has no kernels for int8 weights with float32 activations"
    assert unsupported(graph, METHODS) == [
        f"layer tensor_2 (FULLY_CONNECTED): {refusal}",
        f"layer tensor_4 (FULLY_CONNECTED): {refusal}",
    ]
    assert unsupported(open_graph(chain(tmp_path)), METHODS) == []
    assert unsupported(open_graph(chain(tmp_path, "float32", "float32")), METHODS) == []


def test_the_resolver_gets_each_operator_once(tmp_path: Path) -> None:
    graph = open_graph(chain(tmp_path))
    methods = needed_methods(graph, METHODS)
    assert methods == ["AddAbs", "AddFullyConnected"]
    text = header(methods, graph)
    assert "#define MODEL_OPERATOR_KINDS 2\n" in text
    assert text.count("AddFullyConnected()") == 1
    assert "MODEL_ARENA_BYTES" not in text


def test_the_firmware_gets_the_arena_and_where_its_tensors_lie(tmp_path: Path) -> None:
    graph = open_graph(chain(tmp_path))
    arena = Arena(1024, 5, 900, 1000, 1536, 2, 512, input_offsets=(16,), output_offsets=(32,))
    lines = header(["AddAbs"], graph, arena).splitlines()
    assert "#define MODEL_ARENA_BYTES 1024" in lines
    assert "#define MODEL_STEP_COUNT 3" in lines
    assert "#define MODEL_INPUTS(arena) {(arena) + 16, 8}" in lines
    assert "#define MODEL_OUTPUTS(arena) {(arena) + 32, 8}" in lines


def test_a_quantization_is_judged_by_the_graph_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree")))
    variant = variant_of(chain(tmp_path, activations="int16"), Quantization.INT8)
    assert TflmBackend().complaints(variant, L4R5, O2) == []


def test_int16_dense_layers_with_a_scale_for_each_channel_are_the_portable_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portable = "tensorflow/lite/micro/kernels/fully_connected.cc"
    root = write_tree(tmp_path / "tree")
    monkeypatch.setenv("TFLM_ROOT", str(root))
    for activations, channels, refused in (("int16", 1, []), ("int8", 8, []), ("int16", 8, ["fully_connected"])):
        model = chain(tmp_path, activations=activations, channels=channels)
        assert list(refused_by_cmsis_nn(open_graph(model))) == refused
    variant, reference = variant_of(model), replace(O2, kernels=Kernels.REFERENCE)
    refusal = (
        "(FULLY_CONNECTED): this tree of TensorFlow Lite Micro has no kernel for a scale of each channel (kernels "
        "reference); take a newer tree, or weights with one scale"
    )
    for text, complaints in (
        (None, [f"layer tensor_{layer} {refusal}" for layer in (2, 4)]),
        ("one scale\n", [f"layer tensor_{layer} {refusal}" for layer in (2, 4)]),
        ("if (data->is_per_channel) {}\n", []),
    ):
        if text is not None:
            (root / portable).write_text(text)
        for options in (O2, reference):
            assert TflmBackend().complaints(variant, L4R5, options) == complaints


def test_a_portable_kernel_takes_the_place_of_cmsis_nns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree")))
    tree = find_tree()
    listed = [one.parent.name for one in list_sources(tree, Kernels.OPTIMIZED, {"conv"}) if one.stem == "conv"]
    assert listed == ["kernels"]
