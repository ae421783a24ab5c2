"""Float16 models: weights are turned to float32 before code is made, and outputs are the interpreter's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.deploy.backend import Backend
from harness.deploy.float16_constants import open_float32_graph
from harness.deploy.options import O2
from harness.deploy.portable_c import PortableCBackend
from harness.deploy.tvm import TvmBackend
from harness.model.model import Model
from harness.model.tflite_graph import open_graph
from harness.optimize.detect import detect_quantization
from harness.optimize.quantization import Quantization
from tests.deploy.agreement import deploy, largest_difference
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.tiny_model import TinyModel, variant_of

BACKENDS = pytest.mark.parametrize("backend", [TvmBackend(), PortableCBackend()], ids=lambda one: str(one.name))
SAME = {"padding": 0, "strideH": 1, "strideW": 1}


class Halves(TinyModel):
    """A graph with float16 constants."""

    def constant(self, *shape: int, seed: int) -> int:
        """What a DEQUANTIZE makes of some."""
        values = np.random.default_rng(seed).normal(size=shape) / 4
        half, full = self.tensor(shape, "float16", data=values), self.tensor(shape, "float32")
        return self.operator("DEQUANTIZE", [half], full, "DequantizeOptions")


def network(path: Path) -> Model:
    """A convolution, a depthwise one, a factor, a dense layer: their constants float16, each turned before its use."""
    tiny = Halves()
    x, first, second, third = (tiny.tensor((1, 6, 5, channels), "float32") for channels in (3, 4, 4, 4))
    conv = [x, tiny.constant(4, 3, 3, 3, seed=0), tiny.constant(4, seed=1)]
    tiny.operator("CONV_2D", conv, first, "Conv2DOptions", **SAME)
    depthwise = [first, tiny.constant(1, 3, 3, 4, seed=2), tiny.constant(4, seed=3)]
    tiny.operator("DEPTHWISE_CONV_2D", depthwise, second, "DepthwiseConv2DOptions", depthMultiplier=1, **SAME)
    tiny.operator("MUL", [second, tiny.constant(4, seed=4)], third, "MulOptions")
    flat, y = tiny.tensor((1, 120), "float32"), tiny.tensor((1, 7), "float32")
    shape = tiny.tensor((2,), "int32", data=np.array([1, 120]))
    tiny.operator("RESHAPE", [third, shape], flat, "ReshapeOptions", newShape=[1, 120], version=1)
    tiny.operator("FULLY_CONNECTED", [flat, tiny.constant(7, 120, seed=5), -1], y, "FullyConnectedOptions")
    return tiny.write(path, [x], [y])


@BACKENDS
def test_outputs_agree_with_the_interpreter(backend: Backend, tmp_path: Path) -> None:
    model = network(tmp_path / "model.tflite")
    assert detect_quantization(open_graph(model), "it") is Quantization.FLOAT16
    assert backend.complaints(variant_of(model, Quantization.FLOAT16), CORTEX_M4, O2) == []
    deployed = deploy(backend, model, tmp_path / "code")
    assert largest_difference(deployed) < 1e-5
    timed = [name for step in deployed.code.steps for name in step.layers]
    assert timed == [layer.name for layer in model.layers if layer.op != "DEQUANTIZE"]


def test_constants_keep_their_values_and_operators_count_anew(tmp_path: Path) -> None:
    model = network(tmp_path / "model.tflite")
    stored, opened = open_graph(model), open_float32_graph(model)
    assert [(operator.index, operator.op) for operator in opened.operators] == list(
        enumerate(["CONV_2D", "DEPTHWISE_CONV_2D", "MUL", "RESHAPE", "FULLY_CONNECTED"])
    )
    for operator in (one for one in stored.operators if one.op == "DEQUANTIZE"):
        (source,), (made,) = operator.inputs, operator.outputs
        assert source is not None
        data = opened.tensors[made].data
        assert data is not None
        assert data.dtype == np.float32
        np.testing.assert_array_equal(data, stored.tensors[source].data)


def test_a_constant_that_is_turned_a_thousand_times_is_kept_once(tmp_path: Path) -> None:
    """Else a file of a few kilobytes could fill the host's memory."""
    tiny = TinyModel()
    half = tiny.tensor((100,), "float16", data=np.ones(100))
    x, full = tiny.tensor((100,), "float32"), [tiny.tensor((100,), "float32") for _ in range(1000)]
    for one in full:
        tiny.operator("DEQUANTIZE", [half], one, "DequantizeOptions")
    y = tiny.operator("ADD", [x, full[-1]], tiny.tensor((100,), "float32"), "AddOptions")
    graph = open_float32_graph(tiny.write(tmp_path / "model.tflite", [x], [y]))
    places = {data.ctypes.data for index in full if (data := graph.tensors[index].data) is not None}
    assert len(places) == 1


@BACKENDS
def test_an_output_that_is_a_constant_is_refused(backend: Backend, tmp_path: Path) -> None:
    tiny = Halves()
    x, y = tiny.tensor((4,), "float32"), tiny.tensor((4,), "float32")
    given = tiny.constant(4, seed=0)
    tiny.operator("RELU", [x], y)
    model = tiny.write(tmp_path / "model.tflite", [x], [y, given])
    complaints = backend.complaints(variant_of(model, Quantization.FLOAT16), CORTEX_M4, O2)
    assert any("a graph's input or output must not be a constant" in one for one in complaints)
