"""Every int8 operator gives the bytes that TFLite's reference kernel gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from harness.model.model import Model
from tests.deploy.scale_ratios import assert_all_values_agree, dense_ratios_of_small_integers, ratios_of_small_integers
from tests.deploy.tiny_model import TinyModel
from tests.deploy.tvm.agreement import deploy, largest_difference

NONE = schema.ActivationFunctionType.NONE
RELU = schema.ActivationFunctionType.RELU
RELU6 = schema.ActivationFunctionType.RELU6
RELU_N1_TO_1 = schema.ActivationFunctionType.RELU_N1_TO_1
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


@dataclass(frozen=True)
class Case:
    """One convolution; `gain` is the typical ratio of the accumulator's scale to the output's.

    A large gain needs small weights, or all outputs saturate.
    """

    height: int
    width: int
    channels: int
    out_channels: int
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: int = SAME
    activation: int = NONE
    zero_point: int = 3
    out_zero_point: int = -7
    per_channel: bool = True
    gain: float = 0.0007
    largest_weight: int = 127
    bias: bool = True

    def out_size(self) -> tuple[int, int]:
        sizes = []
        shape = zip((self.height, self.width), self.kernel, self.stride, self.dilation, strict=True)
        for size, kernel, stride, dilation in shape:
            spared = 0 if self.padding == SAME else (kernel - 1) * dilation
            sizes.append(-(-(size - spared) // stride))
        return sizes[0], sizes[1]


def convolution(case: Case, path: Path, depthwise: bool = False, seed: int = 1) -> Model:
    """A model of one CONV_2D or DEPTHWISE_CONV_2D with random weights."""
    tiny = TinyModel()
    x, y = add_convolution(tiny, case, depthwise, seed)
    return tiny.write(path / "model.tflite", [x], [y])


def add_convolution(tiny: TinyModel, case: Case, depthwise: bool, seed: int) -> tuple[int, int]:
    """One more layer of a model, with an input of its own; its input and output."""
    rng = np.random.default_rng(seed)
    x = tiny.tensor((1, case.height, case.width, case.channels), scale=0.05, zero_point=case.zero_point)
    shape = (1, *case.kernel, case.out_channels) if depthwise else (case.out_channels, *case.kernel, case.channels)
    spread = rng.uniform(0.3, 2, case.out_channels if case.per_channel else 1)
    scales = case.gain * 0.1 / 0.05 * spread
    weights = rng.integers(-case.largest_weight, case.largest_weight + 1, shape)
    w = tiny.tensor(shape, scale=scales, data=weights, channel_axis=3 if depthwise else 0)
    inputs = [x, w]
    if case.bias:
        bias = np.clip(rng.integers(-20, 21, case.out_channels) / case.gain, -(2**30), 2**30)
        inputs.append(tiny.tensor((case.out_channels,), "int32", 0.05 * scales, data=bias))
    height, width = case.out_size()
    y = tiny.tensor((1, height, width, case.out_channels), scale=0.1, zero_point=case.out_zero_point)
    options: dict[str, int] = {
        "padding": case.padding,
        "strideH": case.stride[0],
        "strideW": case.stride[1],
        "dilationHFactor": case.dilation[0],
        "dilationWFactor": case.dilation[1],
        "fusedActivationFunction": case.activation,
    }
    if depthwise:
        options["depthMultiplier"] = case.out_channels // case.channels
        tiny.operator("DEPTHWISE_CONV_2D", inputs, y, "DepthwiseConv2DOptions", **options)
    else:
        tiny.operator("CONV_2D", inputs, y, "Conv2DOptions", **options)
    return x, y


CONVOLUTIONS = {
    "tile_2x2": Case(8, 8, 8, 8),
    "odd_channels": Case(7, 5, 3, 5),
    "one_channel": Case(9, 10, 1, 4, kernel=(5, 4), stride=(2, 2)),
    "one_of_all": Case(1, 1, 1, 1, kernel=(1, 1)),
    "two_channels_valid": Case(6, 9, 2, 3, kernel=(2, 3), padding=VALID),
    "pointwise": Case(5, 5, 12, 6, kernel=(1, 1)),
    "pointwise_odd": Case(5, 5, 7, 3, kernel=(1, 1)),
    "pointwise_strided": Case(7, 8, 6, 4, kernel=(1, 1), stride=(2, 2)),
    "kernel_wider_than_image": Case(2, 2, 4, 4, kernel=(5, 5)),
    "stride_wider_than_kernel": Case(9, 9, 4, 2, kernel=(2, 2), stride=(3, 3), padding=VALID),
    "dilated": Case(9, 9, 4, 4, dilation=(2, 2)),
    "dilated_odd_channels": Case(9, 8, 3, 4, dilation=(1, 3), padding=VALID),
    "relu": Case(6, 6, 4, 4, activation=RELU, out_zero_point=-128),
    "relu_inside": Case(6, 6, 4, 4, activation=RELU, out_zero_point=-20),
    "relu6": Case(6, 6, 4, 4, activation=RELU6, out_zero_point=-128),
    "relu_n1": Case(6, 6, 4, 4, activation=RELU_N1_TO_1, out_zero_point=5),
    "zero_points_low": Case(6, 6, 4, 4, zero_point=-128, out_zero_point=-128),
    "zero_points_high": Case(6, 6, 5, 4, zero_point=127, out_zero_point=127),
    "per_tensor": Case(6, 6, 4, 4, per_channel=False),
    "left_shift": Case(4, 4, 1, 4, kernel=(1, 1), gain=1.7, largest_weight=1),
    "mixed_shifts": Case(4, 4, 2, 8, kernel=(1, 1), gain=0.6, largest_weight=1),
    "tiny_multipliers": Case(4, 4, 4, 4, gain=1e-9),
    "tall": Case(40, 1, 4, 4, kernel=(7, 1), stride=(2, 1)),
    "wide": Case(1, 40, 4, 4, kernel=(1, 7), stride=(1, 2)),
}

DEPTHWISE = {
    "pairs": Case(8, 8, 8, 8),
    "odd_channels": Case(7, 6, 5, 5),
    "one_channel": Case(9, 7, 1, 1),
    "strided": Case(9, 8, 6, 6, stride=(2, 2)),
    "valid": Case(9, 8, 6, 6, padding=VALID),
    "dilated": Case(9, 9, 4, 4, dilation=(2, 2)),
    "multiplier": Case(6, 6, 3, 6),
    "multiplier_of_one_channel": Case(10, 6, 1, 8, kernel=(4, 3), stride=(2, 1)),
    "multiplier_dilated": Case(9, 9, 2, 6, dilation=(1, 2)),
    "wide_kernel": Case(4, 20, 4, 4, kernel=(1, 11)),
    "relu6": Case(6, 6, 4, 4, activation=RELU6, out_zero_point=-128),
    "zero_points": Case(6, 6, 4, 4, zero_point=127, out_zero_point=-128),
    "left_shift": Case(6, 6, 4, 4, kernel=(1, 2), gain=1.7, largest_weight=1),
    "no_bias": Case(6, 6, 4, 4, bias=False),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_is_exact(name: str, tmp_path: Path) -> None:
    assert largest_difference(deploy(convolution(CONVOLUTIONS[name], tmp_path), tmp_path / "code")) == 0


@pytest.mark.parametrize("name", DEPTHWISE)
def test_depthwise_convolution_is_exact(name: str, tmp_path: Path) -> None:
    model = convolution(DEPTHWISE[name], tmp_path, depthwise=True)
    assert largest_difference(deploy(model, tmp_path / "code")) == 0


@pytest.mark.parametrize(
    ("depth", "features", "rows", "scale"),
    [(16, 8, 1, 0.01), (7, 5, 1, 0.01), (1, 1, 1, 0.01), (130, 3, 1, 0.001), (8, 12, 3, 0.01), (6, 4, 1, 3.0)],
)
def test_dense_is_exact(depth: int, features: int, rows: int, scale: float, tmp_path: Path) -> None:
    rng, tiny = np.random.default_rng(depth), TinyModel()
    x = tiny.tensor((rows, depth), scale=0.05, zero_point=-128)
    w = tiny.tensor((features, depth), scale=scale, data=rng.integers(-127, 128, (features, depth)))
    bias = tiny.tensor((features,), "int32", 0.05 * scale, data=rng.integers(-2000, 2000, features))
    y = tiny.tensor((rows, features), scale=0.08, zero_point=11)
    tiny.operator("FULLY_CONNECTED", [x, w, bias], y, "FullyConnectedOptions")
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=6) == 0


def test_channels_that_pruning_emptied_keep_a_dense_layer_fast_and_exact(tmp_path: Path) -> None:
    rng, tiny = np.random.default_rng(5), TinyModel()
    x = tiny.tensor((1, 16), scale=0.05, zero_point=-128)
    data = rng.integers(-127, 128, (8, 16))
    data[[1, 4, 5]] = 0
    scales = np.where(data.any(axis=1), 0.01, 3.9e-9)
    w = tiny.tensor((8, 16), scale=scales, data=data)
    bias = tiny.tensor((8,), "int32", 0.05 * scales, data=np.where(data.any(axis=1), 700, 1e9 * rng.uniform(-2, 2, 8)))
    y = tiny.tensor((1, 8), scale=0.02, zero_point=11)
    tiny.operator("FULLY_CONNECTED", [x, w, bias], y, "FullyConnectedOptions")
    deployed = deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path / "code")
    assert [step.kernel.startswith("model_dense") for step in deployed.code.steps] == [True]
    assert largest_difference(deployed, samples=6) == 0


@pytest.mark.parametrize(
    ("left", "right", "activation"),
    [
        ((1, 4, 5, 3), (1, 4, 5, 3), NONE),
        ((1, 4, 5, 3), (1, 4, 5, 3), RELU),
        ((1, 4, 5, 3), (1, 1, 1, 3), NONE),
        ((1, 4, 5, 3), (4, 5, 3), NONE),
        ((1, 1, 5, 1), (1, 4, 1, 3), NONE),
        ((1, 7), (1, 7), RELU6),
    ],
)
def test_addition_is_exact(left: tuple[int, ...], right: tuple[int, ...], activation: int, tmp_path: Path) -> None:
    tiny = TinyModel()
    a = tiny.tensor(left, scale=0.03, zero_point=-100)
    b = tiny.tensor(right, scale=0.07, zero_point=20)
    y = tiny.tensor(np.broadcast_shapes(left, right), scale=0.06, zero_point=-4)
    tiny.operator("ADD", [a, b], y, "AddOptions", fusedActivationFunction=activation)
    model = tiny.write(tmp_path / "model.tflite", [a, b], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=10) == 0


@pytest.mark.parametrize("name", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [((2, 2), (2, 2), VALID), ((3, 3), (2, 2), SAME), ((7, 5), (1, 1), VALID)]
)
def test_pooling_is_exact(
    name: str, kernel: tuple[int, int], stride: tuple[int, int], padding: int, tmp_path: Path
) -> None:
    case = Case(7, 5, 3, 3, kernel=kernel, stride=stride, padding=padding)
    tiny = TinyModel()
    x = tiny.tensor((1, 7, 5, 3), scale=0.1, zero_point=9)
    y = tiny.tensor((1, *case.out_size(), 3), scale=0.1, zero_point=9)
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
    tiny.operator(name, [x], y, "Pool2DOptions", filterHeight=kernel[0], filterWidth=kernel[1], **options)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=6) == 0


@pytest.mark.parametrize(
    ("columns", "scale", "beta"), [(10, 0.14, 1.0), (2, 0.015, 1.0), (1, 0.5, 1.0), (300, 0.9, 0.5)]
)
def test_softmax_is_exact(columns: int, scale: float, beta: float, tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, columns), scale=scale, zero_point=24)
    y = tiny.tensor((1, columns), scale=1 / 256, zero_point=-128)
    tiny.operator("SOFTMAX", [x], y, "SoftmaxOptions", beta=beta)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=20) == 0


@pytest.mark.parametrize(("axes", "shape"), [((1, 2), (1, 1, 1, 6)), ((3,), (1, 7, 5, 1)), ((1,), (1, 1, 5, 6))])
def test_mean_is_exact(axes: tuple[int, ...], shape: tuple[int, ...], tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 7, 5, 6), scale=0.1, zero_point=-128)
    along = tiny.tensor((len(axes),), "int32", data=np.array(axes))
    y = tiny.tensor(shape, scale=0.06, zero_point=-100)
    tiny.operator("MEAN", [x, along], y, "ReducerOptions", keepDims=True, version=2)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=10) == 0


@pytest.mark.parametrize("name", ["RELU", "RELU6"])
def test_clamps_are_exact(name: str, tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 3, 50), scale=0.11, zero_point=12)
    y = tiny.tensor((1, 3, 50), scale=0.04, zero_point=-128)
    tiny.operator(name, [x], y, version=2)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=5) == 0


@pytest.mark.parametrize("name", ["RELU", "RELU6", "QUANTIZE", "MUL", "MEAN"])
def test_ties_are_rounded_as_the_precision_of_tflites_scales_has_it(name: str, tmp_path: Path) -> None:
    assert_all_values_agree(deploy(ratios_of_small_integers(name, tmp_path / "model.tflite"), tmp_path / "code"))


def test_ties_of_dense_layers_are_rounded_as_tflites_scales_have_it(tmp_path: Path) -> None:
    assert_all_values_agree(deploy(dense_ratios_of_small_integers(tmp_path / "model.tflite"), tmp_path / "code"))


def test_padding_reshaping_and_concatenating_are_exact(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 3, 4, 2), scale=0.1, zero_point=-30)
    amounts = tiny.tensor((4, 2), "int32", data=np.array([[0, 0], [1, 2], [0, 3], [0, 0]]))
    padded = tiny.tensor((1, 6, 7, 2), scale=0.1, zero_point=-30)
    tiny.operator("PAD", [x, amounts], padded, "PadOptions", version=2)
    shape = tiny.tensor((4,), "int32", data=np.array([1, 6, 2, 7]))
    reshaped = tiny.tensor((1, 6, 2, 7), scale=0.1, zero_point=-30)
    tiny.operator("RESHAPE", [padded, shape], reshaped, "ReshapeOptions", newShape=[1, 6, 2, 7], version=1)
    other = tiny.tensor((1, 6, 2, 4), scale=0.1, zero_point=-30)
    joined = tiny.tensor((1, 6, 2, 11), scale=0.1, zero_point=-30)
    tiny.operator("CONCATENATION", [reshaped, other], joined, "ConcatenationOptions", axis=3, version=2)
    model = tiny.write(tmp_path / "model.tflite", [x, other], [joined])
    assert largest_difference(deploy(model, tmp_path / "code")) == 0


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((1, 3, 2, 12), (0, 3, 1, 2)),  # channels first
        ((1, 3, 5, 8), (0, 2, 1, 3)),  # words stay whole
        ((1, 4, 6, 3), (0, 2, 1, 3)),
        ((1, 2, 1, 7), (0, 1, 2, 3)),  # nothing moves
        ((2, 3, 4), (2, 0, 1)),
        ((1, 1), (1, 0)),
    ],
)
def test_transposing_is_exact(shape: tuple[int, ...], order: tuple[int, ...], dtype: str, tmp_path: Path) -> None:
    tiny = TinyModel()
    scale = None if dtype == "float32" else 0.1
    x = tiny.tensor(shape, dtype, scale=scale)
    axes = tiny.tensor((len(order),), "int32", data=np.array(order))
    y = tiny.tensor(tuple(shape[axis] for axis in order), dtype, scale=scale)
    tiny.operator("TRANSPOSE", [x, axes], y, "TransposeOptions", version=2)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code")) == 0


def test_quantizing_and_dequantizing_are_exact(tmp_path: Path) -> None:
    tiny = TinyModel()
    real = tiny.tensor((1, 200), "float32")
    x = tiny.tensor((1, 200), scale=0.011, zero_point=5)
    y = tiny.tensor((1, 200), scale=0.02, zero_point=-8)
    answer = tiny.tensor((1, 200), "float32")
    tiny.operator("QUANTIZE", [real], x, "QuantizeOptions", version=1)
    tiny.operator("QUANTIZE", [x], y, "QuantizeOptions", version=2)
    tiny.operator("DEQUANTIZE", [y], answer, "DequantizeOptions", version=2)
    model = tiny.write(tmp_path / "model.tflite", [real], [answer])
    assert largest_difference(deploy(model, tmp_path / "code")) == 0


@pytest.mark.parametrize("op", ["SUB", "MUL"])
@pytest.mark.parametrize(
    ("left", "right", "activation"),
    [((1, 4, 5, 3), (1, 4, 5, 3), NONE), ((1, 4, 5, 3), (1, 1, 1, 3), RELU), ((1, 1, 5, 1), (1, 4, 1, 3), NONE)],
)
def test_differences_and_products_are_exact(
    op: str, left: tuple[int, ...], right: tuple[int, ...], activation: int, tmp_path: Path
) -> None:
    tiny = TinyModel()
    a = tiny.tensor(left, scale=0.03, zero_point=-100)
    b = tiny.tensor(right, scale=0.07, zero_point=20)
    y = tiny.tensor(np.broadcast_shapes(left, right), scale=0.06, zero_point=-4)
    options = {"SUB": "SubOptions", "MUL": "MulOptions"}[op]
    tiny.operator(op, [a, b], y, options, fusedActivationFunction=activation)
    model = tiny.write(tmp_path / "model.tflite", [a, b], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=10) == 0


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("op", ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
@pytest.mark.parametrize("rule", ["plain", "align_corners", "half_pixel_centers"])
@pytest.mark.parametrize("size", [(8, 10), (3, 7), (1, 1), (4, 5)])
def test_resizing_is_exact(dtype: str, op: str, rule: str, size: tuple[int, int], tmp_path: Path) -> None:
    tiny = TinyModel()
    scale = 0.1 if dtype == "int8" else None
    x = tiny.tensor((1, 4, 5, 3), dtype, scale, zero_point=7)
    wanted = tiny.tensor((2,), "int32", data=np.array(size))
    y = tiny.tensor((1, *size, 3), dtype, scale, zero_point=7)
    options = {"RESIZE_BILINEAR": "ResizeBilinearOptions"}.get(op, "ResizeNearestNeighborOptions")
    rules = {"alignCorners": rule == "align_corners", "halfPixelCenters": rule == "half_pixel_centers"}
    tiny.operator(op, [x, wanted], y, options, **rules)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=4) <= (0 if dtype == "int8" else 1e-6)
