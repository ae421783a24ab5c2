"""Thousands of broken `.tflite` files: each is read or ends in one error, and takes no more than 10 times its size."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.model.file_bounds import MOST_INFLATION
from harness.model.tflite_fields import SLACK
from harness.model.tflite_reader import parse_graph, read_tflite
from tests.deploy.tiny_model import TinyModel
from tests.model.intake.mutations import NUMBERS, Mutation, flip, number, splice

FILES = 3000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A network with weights a channel, of half bytes, options, and two uses of one tensor."""
    tiny = TinyModel()
    x = tiny.tensor((1, 6, 6, 3), scale=0.1)
    w = tiny.tensor((4, 3, 3, 3), scale=np.full(4, 0.1), data=np.ones((4, 3, 3, 3)))
    b = tiny.tensor((4,), "int32", 0.01, data=np.arange(4))
    y, moved, flat = (tiny.tensor(shape, scale=0.1) for shape in ((1, 4, 4, 4), (1, 4, 4, 4), (1, 64)))
    tiny.operator("CONV_2D", [x, w, b], y, "Conv2DOptions", padding=1, strideH=1, strideW=1)
    order = tiny.tensor((4,), "int32", data=np.array([0, 3, 1, 2]))
    tiny.operator("TRANSPOSE", [y, order], moved, "TransposeOptions")
    shape = tiny.tensor((2,), "int32", data=np.array([1, 64]))
    tiny.operator("RESHAPE", [moved, shape], flat, "ReshapeOptions", newShape=[1, 64])
    v = tiny.tensor((10, 64), "int4", 0.1, data=np.ones((10, 64)))
    dense, twice, scores = (tiny.tensor((1, 10), scale=0.1) for _ in range(3))
    tiny.operator("FULLY_CONNECTED", [flat, v, -1], dense, "FullyConnectedOptions")
    tiny.operator("ADD", [dense, dense], twice, "AddOptions")
    tiny.operator("SOFTMAX", [twice], scores, "SoftmaxOptions", beta=1.0)
    path = tmp_path_factory.mktemp("tflite") / "whole.tflite"
    return tiny.write(path, [x], [scores]).read_bytes()


def edit(content: bytes, random: Random) -> bytes:
    """One to three attributes of the tree of tables are something else of their type: sizes, types, indices, lists."""
    root = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(random.randint(1, 3)):
        parent, name = random.choice(list(_attributes(root)))
        setattr(parent, name, _other(getattr(parent, name), random))
    builder = flatbuffers.Builder(2**14)
    try:
        builder.Finish(root.Pack(builder), file_identifier=b"TFL3")
    except Exception:  # What the schema can't hold is no file.
        return number(content, random)
    return bytes(builder.Output())


def _attributes(table: Any) -> Iterator[tuple[Any, str]]:
    for name, value in vars(table).items():
        if value is not None:
            yield table, name
        for one in value if isinstance(value, list) else [value]:
            if hasattr(one, "InitFromPackedBuf"):
                yield from _attributes(one)


def _other(value: Any, random: Random) -> Any:
    if isinstance(value, (bytes, str)):
        return random.choice((b"", b"\xff" * 3000, "\u4e2d".encode() * 3000, b"a\0b"))
    if isinstance(value, (list, np.ndarray)):
        values = list(value)
        many = values * random.choice((2, 30))
        numbers = [random.choice((*NUMBERS[:11], -1)) for _ in values]
        is_numeric = all(isinstance(one, (int, float, np.number)) for one in values)
        return random.choice((values[1:], values[::-1], many, numbers if is_numeric else []))
    if isinstance(value, (int, float, np.number)):
        return random.choice((*NUMBERS, -1, int(value) + 1))
    return random.choice((None, value))


def peak_of_reading(content: bytes, path: Path) -> int:
    """Bytes that Python takes at most."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        read_tflite(path)
    except ModelError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - of those that are raised
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


@pytest.mark.slow
def test_broken_files_are_read_or_refused_in_little_memory(tmp_path: Path, whole: bytes) -> None:
    assert parse_graph(whole, "whole").operators

    @settings(max_examples=FILES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), mutation=st.sampled_from((flip, number, number, splice, edit, edit, edit)))
    def look(seed: int, mutation: Mutation) -> None:
        content = mutation(whole, Random(seed))
        assert peak_of_reading(content, tmp_path / "a.tflite") < MOST_INFLATION * len(content) + SLACK

    look()


@pytest.mark.parametrize("kind", ["tensors", "operators", "buffers", "names", "inputs", "copies", "half_bytes"])
def test_files_made_to_take_memory_do_not(tmp_path: Path, kind: str) -> None:
    """Some hundred kilobytes each, of what takes most of Python's memory for its place in the file."""
    content = _greedy(kind)
    peak_of_reading(content[:100], tmp_path / "first.tflite")
    assert peak_of_reading(content, tmp_path / "a.tflite") < MOST_INFLATION * len(content) + SLACK


def _greedy(kind: str) -> bytes:
    root = schema.ModelT()
    root.version, root.operatorCodes = 3, [schema.OperatorCodeT()]
    root.operatorCodes[0].builtinCode = schema.BuiltinOperator.RELU
    tensor, operator, graph = schema.TensorT(), schema.OperatorT(), schema.SubGraphT()
    tensor.shape, operator.inputs, operator.outputs = [1], [0], [1]
    graph.inputs, graph.outputs, graph.operators, graph.tensors = [0], [1], [operator], [tensor] * 2
    root.buffers, root.subgraphs = [schema.BufferT()], [graph]
    if kind == "tensors":
        graph.tensors = [tensor] * 6000
    elif kind == "operators":
        graph.operators = [operator] * 6000
    elif kind == "buffers":
        root.buffers = [schema.BufferT()] * 30_000
    elif kind == "names":
        tensor.name = "\u4e2d".encode() * 2**17
    elif kind == "inputs":
        operator.inputs = [1000 + number for number in range(2**17)]
        graph.tensors = [tensor] * 2000
    else:
        buffer = schema.BufferT()
        buffer.data = np.zeros(2**18 + 4, np.uint8)
        tensor.buffer, tensor.shape = 1, [2**19 + 8] if kind == "half_bytes" else [2**16 + 1]
        tensor.type = schema.TensorType.INT4 if kind == "half_bytes" else schema.TensorType.FLOAT32
        root.buffers.append(buffer)
        graph.tensors = [tensor] * 1000
    builder = flatbuffers.Builder(2**20)
    builder.Finish(root.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
