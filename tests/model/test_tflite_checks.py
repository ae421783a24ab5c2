"""Models whose tables are in order but whose parts contradict each other, made from a real one by an edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite
from ai_edge_litert import schema_py_generated as schema

from harness.errors import ModelError
from harness.model.model import Model
from harness.model.tflite_graph import Graph
from harness.model.tflite_reader import parse_graph, read_tflite
from tests.deploy.tiny_model import TinyModel

Edit = Callable[[Any], None]
Edited = Callable[[Model, Edit], bytes]
GraphAfter = Callable[[Edit], Graph]


@pytest.fixture
def graph_after(edited: Edited, lenet: Model) -> GraphAfter:
    """The graph of LeNet-5 after an edit."""
    return lambda edit: parse_graph(edited(lenet, edit), "edited.tflite")


def _set(path: str, value: object) -> Edit:
    """Set one attribute in the tree, such as `subgraphs.0.tensors.3.buffer`."""

    def edit(tree: Any) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            tree = tree[int(parent)] if parent.isdigit() else getattr(tree, parent)
        setattr(tree, last, value)

    return edit


def test_an_edit_that_changes_nothing_gives_the_same_graph(lenet: Model, graph_after: GraphAfter) -> None:
    before = parse_graph(lenet.read_bytes(), "before")
    after = graph_after(lambda _: None)
    assert [(one.name, one.op, one.options) for one in after.operators] == [
        (one.name, one.op, one.options) for one in before.operators
    ]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("version", 2, "schema version 2"),
        ("subgraphs", [], "no subgraph"),
        ("subgraphs.0.operators", [], "no operator"),
        ("subgraphs.0.inputs", [99], "tensor 99"),
        ("subgraphs.0.inputs", [-1], "tensor -1"),
        ("subgraphs.0.operators.0.inputs", [99, 1, 2], r"operator 0 \(CONV_2D\): tensor 99"),
        ("subgraphs.0.operators.0.inputs", [0], "lacks input 1"),
        ("subgraphs.0.operators.0.opcodeIndex", 77, "operator code 77"),
        ("subgraphs.0.operators.0.builtinOptions.padding", 7, "padding 7 does not exist"),
        ("subgraphs.0.operators.0.builtinOptions.padding", 0, "its output has shape"),
        ("subgraphs.0.operators.0.builtinOptions.strideW", 0, "stride_w is 0"),
        ("subgraphs.0.operators.0.builtinOptions.strideH", -3, "stride_h is -3"),
        ("subgraphs.0.operators.0.builtinOptionsType", 0, "needs Conv2DOptions, has NONE"),
        ("subgraphs.0.operators.1.builtinOptions.filterWidth", 0, "filter_width is 0"),
        ("subgraphs.0.tensors.0.shape", [1, 28, 28, 4], "filters of depth 1 do not divide 4 channels"),
        ("subgraphs.0.tensors.0.shape", [1, -1, 28, 1], "not fixed"),
        ("subgraphs.0.tensors.0.shape", [1, 1 << 30, 1 << 30, 1], "bytes are more than"),
        ("subgraphs.0.tensors.0.shape", [0, 1 << 30, 1 << 30, 1], "bytes are more than"),
        ("subgraphs.0.tensors.0.shapeSignature", [-1, -1, 28, 1], "convert the model with fixed sizes"),
        ("subgraphs.0.tensors.0.type", 5, "type STRING is not supported"),
        ("subgraphs.0.tensors.0.type", 99, "type number 99"),
        ("subgraphs.0.tensors.0.buffer", 9999, "buffer 9999"),
        ("subgraphs.0.tensors.0.quantization.scale", np.array([-1.0], np.float32), "quantization is broken"),
        ("subgraphs.0.tensors.0.quantization.scale", np.array([np.nan], np.float32), "quantization is broken"),
        ("subgraphs.0.tensors.0.quantization.scale", np.ones(5, np.float32), "5 scales do not match"),
        ("subgraphs.0.tensors.0.quantization.zeroPoint", np.array([300]), "outside int8"),
        ("subgraphs.0.tensors.0.sparsity", schema.SparsityParametersT(), "stored sparse"),
    ],
)
def test_a_contradiction_is_named(graph_after: GraphAfter, path: str, value: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        graph_after(_set(path, value))


def test_weights_that_do_not_fill_their_shape_are_refused(graph_after: GraphAfter) -> None:
    def shorten(tree: Any) -> None:
        weights = tree.subgraphs[0].tensors[tree.subgraphs[0].operators[0].inputs[1]]
        tree.buffers[weights.buffer].data = tree.buffers[weights.buffer].data[:-1]

    with pytest.raises(ModelError, match="its buffer has 53"):
        graph_after(shorten)


def test_operators_out_of_order_are_refused(graph_after: GraphAfter) -> None:
    with pytest.raises(ModelError, match="before it is made"):
        graph_after(lambda tree: tree.subgraphs[0].operators.reverse())


def test_a_tensor_made_twice_is_refused(graph_after: GraphAfter) -> None:
    def repeat(tree: Any) -> None:
        tree.subgraphs[0].operators.append(tree.subgraphs[0].operators[0])

    with pytest.raises(ModelError, match="a second time"):
        graph_after(repeat)


def test_an_open_batch_is_one(graph_after: GraphAfter) -> None:
    def open_batch(tree: Any) -> None:
        tree.subgraphs[0].tensors[0].shape = [-1, 28, 28, 1]
        tree.subgraphs[0].tensors[0].shapeSignature = [-1, 28, 28, 1]

    assert graph_after(open_batch).tensors[0].shape == (1, 28, 28, 1)


def test_operators_that_nobody_knows_are_read_by_number_or_name(graph_after: GraphAfter) -> None:
    def rename(tree: Any) -> None:
        first, second = tree.subgraphs[0].operators[0], tree.subgraphs[0].operators[1]
        tree.operatorCodes[first.opcodeIndex].builtinCode = 5000
        tree.operatorCodes[second.opcodeIndex].builtinCode = schema.BuiltinOperator.CUSTOM
        tree.operatorCodes[second.opcodeIndex].deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        tree.operatorCodes[second.opcodeIndex].customCode = b"Wavelet"

    operators = graph_after(rename).operators
    assert [operator.op for operator in operators[:2]] == ["BUILTIN_5000", "Wavelet"]


def test_of_several_subgraphs_the_first_is_read(lenet: Model, graph_after: GraphAfter) -> None:
    graph = graph_after(lambda tree: tree.subgraphs.append(tree.subgraphs[0]))
    assert len(graph.operators) == len(lenet.layers)


def test_unprintable_names_are_made_printable_and_equal_ones_told_apart(graph_after: GraphAfter) -> None:
    def rename(tree: Any) -> None:
        for tensor in tree.subgraphs[0].tensors:
            tensor.name = b"evil\n\xff"

    names = [operator.name for operator in graph_after(rename).operators]
    assert all(name.isprintable() for name in names)
    assert len(set(names)) == len(names)


def test_weights_behind_the_tables_are_found_and_bounded(lenet: Model, edited: Edited, tmp_path: Path) -> None:
    """Files above 2 GiB keep their buffers behind the tables; the same form is valid in small ones."""
    weights = np.arange(54, dtype=np.int8)

    def content(offset: int) -> bytes:
        def move(tree: Any) -> None:
            tensor = tree.subgraphs[0].tensors[tree.subgraphs[0].operators[0].inputs[1]]
            buffer = tree.buffers[tensor.buffer]
            buffer.data, buffer.offset, buffer.size = None, offset, weights.nbytes

        return edited(lenet, move)

    size = len(content(2**20))
    path = tmp_path / "external.tflite"
    path.write_bytes(content(size) + weights.tobytes())
    assert read_tflite(path).parameters == lenet.parameters
    graph = parse_graph(path.read_bytes(), "external")
    found = graph.tensors[graph.operators[0].inputs[1] or 0].data
    assert found is not None
    np.testing.assert_array_equal(found.ravel(), weights)
    with pytest.raises(ModelError, match=r"buffer \d+ ends at byte"):
        parse_graph(path.read_bytes()[:-1], "external")


def test_tables_that_share_one_place_do_not_multiply_the_work() -> None:
    builder = flatbuffers.Builder(2**17)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddVersion(builder, 5)
    code = tflite.OperatorCodeEnd(builder)
    builder.StartVector(4, 30_000, 4)
    for _ in range(30_000):
        builder.PrependUOffsetTRelative(code)
    codes = builder.EndVector()
    tflite.ModelStart(builder)
    tflite.ModelAddOperatorCodes(builder, codes)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    with pytest.raises(ModelError, match="overlap"):
        parse_graph(bytes(builder.Output()), "bomb")


@pytest.mark.parametrize(
    ("order", "words"),
    [((0, 2, 2, 1), "no permutation of the dimensions"), ((0, 2, 1, 3), r"its output has shape \(1, 5, 3, 4\)")],
)
def test_a_permutation_that_is_none_or_gives_another_shape_is_refused(
    tmp_path: Path, order: tuple[int, ...], words: str
) -> None:
    tiny = TinyModel()
    x, y = tiny.tensor((1, 3, 4, 5)), tiny.tensor((1, 5, 3, 4))
    axes = tiny.tensor((4,), "int32", data=np.array(order))
    tiny.operator("TRANSPOSE", [x, axes], y, "TransposeOptions")
    with pytest.raises(ModelError, match=words):
        tiny.write(tmp_path / "model.tflite", [x], [y])
