"""The first layer in which a board computes otherwise than the host is found, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from harness.bench.bisection import Bisection, most_different
from harness.board.dut import Dut
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.tvm import TvmBackend
from harness.model.model import Model, Tensor
from harness.model.samples import random_inputs, to_rows
from harness.model.tflite_reader import read_tflite
from harness.optimize.variant import Quantization, Variant
from tests.deploy.tiny_model import TinyModel
from tests.firmware.bench_board import virtual_board

LAYERS = 4


@pytest.fixture(scope="module")
def dut() -> Iterator[Dut]:
    with virtual_board("nucleo_l4r5zi") as board:
        yield board


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Four fully connected layers of eight values."""
    tiny, rng = TinyModel(), np.random.default_rng(0)
    source = current = tiny.tensor((1, 8), scale=0.1)
    for _ in range(LAYERS):
        weights = tiny.tensor((8, 8), scale=0.01, data=rng.integers(-127, 128, (8, 8)))
        bias = tiny.tensor((8,), "int32", scale=0.001, data=np.arange(8))
        output = tiny.tensor((1, 8), scale=0.1)
        current = tiny.operator("FULLY_CONNECTED", [current, weights, bias], output, "FullyConnectedOptions")
    return tiny.write(tmp_path_factory.mktemp("model") / "dense.tflite", [source], [current])


def garbled(model: Model, layer: int, directory: Path) -> Model:
    """The model with a wrong bias in a layer, if it has that layer: what a backend with a bug would make of it."""
    whole = schema.ModelT.InitFromPackedBuf(model.read_bytes(), 0)
    main = whole.subgraphs[0]
    if layer < len(main.operators):
        bias = main.tensors[main.operators[layer].inputs[2]]
        whole.buffers[bias.buffer].data = np.frombuffer(np.full(8, 5_000, np.int32).tobytes(), np.uint8)
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(whole.Pack(builder), file_identifier=b"TFL3")
    path = directory / f"{model.sha256[:16]}_{layer}.tflite"
    path.write_bytes(bytes(builder.Output()))
    return read_tflite(path)


def build(part: Model, *, dut: Dut, layer: int, directory: Path) -> Firmware:
    variant = Variant(garbled(part, layer, directory), Quantization.INT8, "garbled")
    return build_firmware(variant, dut.spec.target, TvmBackend())


@pytest.mark.parametrize("layer", range(LAYERS))
def test_the_first_wrong_layer_is_named_and_the_last_right_one(
    dut: Dut, model: Model, layer: int, tmp_path: Path
) -> None:
    inputs = [row.tobytes() for row in to_rows(model.inputs, random_inputs(model, 2, seed=1))]
    search = Bisection(dut, model, partial(build, dut=dut, layer=layer, directory=tmp_path), inputs, 10.0)
    found = search.first_divergence()
    assert found is not None
    assert (found.layer, found.op) == (model.layers[layer].name, "FULLY_CONNECTED")
    assert found.agrees == (model.layers[layer - 1].name if layer else "")
    assert found.largest > 1
    assert 0 < found.differing <= found.elements == 8
    assert found.board.mean > found.host.mean, "the board adds more"


def test_where_all_is_right_no_layer_is_blamed(dut: Dut, model: Model, tmp_path: Path) -> None:
    inputs = [row.tobytes() for row in to_rows(model.inputs, random_inputs(model, 2, seed=1))]
    search = Bisection(dut, model, partial(build, dut=dut, layer=LAYERS, directory=tmp_path), inputs, 10.0)
    assert search.first_divergence() is None


def test_the_samples_that_differ_most_are_looked_at_first() -> None:
    tensor = Tensor("y", (1, 2), "int8")
    host = [bytes([0, 0])] * 6
    board = [bytes([0, 1]), bytes([9, 0]), bytes([0, 0]), bytes([3, 3]), bytes([2, 0]), bytes([0, 0])]
    assert most_different(board, host, [tensor]) == [1, 3, 4, 0]
    assert most_different(board, host, [replace(tensor, shape=(1, 1)), replace(tensor, shape=(1, 1))])[0] == 1
