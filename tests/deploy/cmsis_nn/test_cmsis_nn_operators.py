"""What random graphs do not reach: floats in and out, several batches, constants, memory that is written over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from harness.deploy.cmsis_nn import CmsisNnBackend
from harness.model.model import Model
from tests.deploy.agreement import Deployed, deploy, largest_difference
from tests.deploy.scale_ratios import assert_all_values_agree, dense_ratios_of_small_integers, ratios_of_small_integers
from tests.deploy.tiny_model import TinyModel

pytestmark = pytest.mark.usefixtures("kernels")


def _deploy(model: Model, path: Path) -> Deployed:
    return deploy(CmsisNnBackend(), model, path / "code")


@pytest.mark.parametrize(("dtype", "zero_point", "bytes_of_values"), [("int8", 5, 208), ("int16", 0, 400)])
def test_quantizing_and_dequantizing_are_exact(
    dtype: str, zero_point: int, bytes_of_values: int, tmp_path: Path
) -> None:
    tiny = TinyModel()
    real = tiny.tensor((1, 200), "float32")
    x = tiny.tensor((1, 200), dtype, scale=0.011, zero_point=zero_point)
    y = tiny.tensor((1, 200), dtype, scale=0.02, zero_point=-2 * zero_point)
    answer = tiny.tensor((1, 200), "float32")
    tiny.operator("QUANTIZE", [real], x, "QuantizeOptions", version=1)
    tiny.operator("QUANTIZE", [x], y, "QuantizeOptions", version=2)
    tiny.operator("DEQUANTIZE", [y], answer, "DequantizeOptions", version=2)
    deployed = _deploy(tiny.write(tmp_path / "model.tflite", [real], [answer]), tmp_path)
    assert largest_difference(deployed) == 0
    assert deployed.code.arena_bytes == bytes_of_values + 800, "integers are rescaled where they lie"


@pytest.mark.parametrize("name", ["RELU", "QUANTIZE", "LEAKY_RELU", "MUL", "MEAN"])
def test_ties_are_rounded_as_the_precision_of_tflites_scales_has_it(name: str, tmp_path: Path) -> None:
    assert_all_values_agree(_deploy(ratios_of_small_integers(name, tmp_path / "model.tflite"), tmp_path))


def test_ties_of_dense_layers_are_rounded_as_tflites_scales_have_it(tmp_path: Path) -> None:
    assert_all_values_agree(_deploy(dense_ratios_of_small_integers(tmp_path / "model.tflite"), tmp_path))


@pytest.mark.parametrize(("source", "target"), [("int8", "int16"), ("int16", "int8")])
def test_values_of_one_width_become_the_other_exactly(source: str, target: str, tmp_path: Path) -> None:
    tiny = TinyModel()
    points = {"int8": -9, "int16": 0}
    x = tiny.tensor((1, 300), source, scale=0.03, zero_point=points[source])
    y = tiny.tensor((1, 300), target, scale=0.05, zero_point=points[target])
    tiny.operator("QUANTIZE", [x], y, "QuantizeOptions", version=2)
    assert largest_difference(_deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path)) == 0


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_batches_are_exact(depthwise: bool, kernel: int, tmp_path: Path) -> None:
    rng, tiny = np.random.default_rng(kernel), TinyModel()
    x = tiny.tensor((3, 5, 6, 5), scale=0.05, zero_point=-4)
    shape = (1, kernel, kernel, 5) if depthwise else (5, kernel, kernel, 5)
    w = tiny.tensor(shape, scale=0.01, data=rng.integers(-127, 128, shape))
    bias = tiny.tensor((5,), "int32", 0.0005, data=rng.integers(-3000, 3000, 5))
    y = tiny.tensor((3, 5, 6, 5), scale=0.1, zero_point=2)
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    options = {"strideH": 1, "strideW": 1, **({"depthMultiplier": 1} if depthwise else {})}
    tiny.operator(name, [x, w, bias], y, f"{'DepthwiseConv2D' if depthwise else 'Conv2D'}Options", **options)
    assert largest_difference(_deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path)) == 0


@pytest.mark.parametrize("name", ["ADD", "MUL", "CONCATENATION"])
@pytest.mark.parametrize("place", [0, 1])
def test_constant_operands_are_exact(name: str, place: int, tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 3, 4, 5), scale=0.1, zero_point=9)
    shape = (1, 1, 4, 1) if name != "CONCATENATION" else (1, 3, 4, 2)
    c = tiny.tensor(shape, scale=0.1, zero_point=9, data=np.arange(np.prod(shape)).reshape(shape) * 5 - 60)
    y = tiny.tensor((1, 3, 4, 7 if name == "CONCATENATION" else 5), scale=0.1, zero_point=9)
    inputs = [x, c] if place else [c, x]
    options = {"axis": 3} if name == "CONCATENATION" else {}
    tiny.operator(name, inputs, y, f"{name.capitalize()}Options", version=2, **options)
    assert largest_difference(_deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path)) == 0


def test_a_value_that_is_needed_later_is_not_written_over(tmp_path: Path) -> None:
    """x is an input of two clamps and of both additions, and the first sum is an output, too."""
    tiny = TinyModel()
    x, low, high, first, last = (tiny.tensor((1, 40), scale=0.1, zero_point=0) for _ in range(5))
    tiny.operator("RELU", [x], low, version=2)
    tiny.operator("RELU6", [x], high, version=2)
    tiny.operator("ADD", [low, x], first, "AddOptions", version=2)
    tiny.operator("ADD", [first, high], last, "AddOptions", version=2)
    deployed = _deploy(tiny.write(tmp_path / "model.tflite", [x], [first, last]), tmp_path)
    assert largest_difference(deployed, samples=6) == 0
    assert deployed.code.arena_bytes == 3 * 48, "the first sum takes the place of x, the last that of a clamp"


def test_a_wide_softmax_of_many_rows_is_exact(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 3, 700), scale=0.9, zero_point=24)
    y = tiny.tensor((1, 3, 700), scale=1 / 256, zero_point=-128)
    tiny.operator("SOFTMAX", [x], y, "SoftmaxOptions", beta=0.1)
    assert largest_difference(_deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path), samples=6) == 0


def test_activations_of_dense_layers_are_exact_for_each_channel(tmp_path: Path) -> None:
    rng, tiny = np.random.default_rng(4), TinyModel()
    x = tiny.tensor((4, 130), scale=0.05, zero_point=-128)
    weights = rng.integers(-127, 128, (9, 130))
    w = tiny.tensor((9, 130), scale=rng.uniform(0.001, 0.004, 9), data=weights)
    y = tiny.tensor((4, 9), scale=0.08, zero_point=-128)
    clamp = schema.ActivationFunctionType.RELU6
    tiny.operator("FULLY_CONNECTED", [x, w, -1], y, "FullyConnectedOptions", 9, fusedActivationFunction=clamp)
    assert largest_difference(_deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path), samples=6) == 0
