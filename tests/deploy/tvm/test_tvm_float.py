"""float32 layers agree with TFLite's reference kernels to the last digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.deploy.tiny_model import TinyModel
from tests.deploy.tvm.agreement import deploy, largest_difference
from tests.deploy.tvm.test_tvm_int8_operators import NONE, RELU, RELU6, SAME, VALID

CLOSE = 1e-5


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "activation", "channels"),
    [
        ((3, 3), 1, SAME, RELU, 4),
        ((3, 3), 2, SAME, NONE, 3),
        ((2, 4), 1, VALID, RELU6, 1),
        ((1, 1), 1, SAME, NONE, 6),
        ((1, 1), 2, VALID, RELU, 2),
    ],
)
def test_convolutions_agree(
    kernel: tuple[int, int], stride: int, padding: int, activation: int, channels: int, depthwise: bool, tmp_path: Path
) -> None:
    rng, tiny = np.random.default_rng(0), TinyModel()
    out_channels = channels if depthwise else 8
    x = tiny.tensor((1, 8, 7, channels), "float32")
    shape = (1, *kernel, channels) if depthwise else (out_channels, *kernel, channels)
    w = tiny.tensor(shape, "float32", data=rng.normal(size=shape))
    b = tiny.tensor((out_channels,), "float32", data=rng.normal(size=out_channels))
    spared = (0, 0) if padding == SAME else (kernel[0] - 1, kernel[1] - 1)
    size = (-(-(8 - spared[0]) // stride), -(-(7 - spared[1]) // stride))
    y = tiny.tensor((1, *size, out_channels), "float32")
    options = {"padding": padding, "strideH": stride, "strideW": stride, "fusedActivationFunction": activation}
    if depthwise:
        tiny.operator("DEPTHWISE_CONV_2D", [x, w, b], y, "DepthwiseConv2DOptions", depthMultiplier=1, **options)
    else:
        tiny.operator("CONV_2D", [x, w, b], y, "Conv2DOptions", **options)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code")) < CLOSE


def test_a_network_of_many_layers_agrees_and_keeps_its_layers_apart(tmp_path: Path) -> None:
    """Residual sum, pooling, reshape, dense and softmax; equal layers share a kernel."""
    rng, tiny = np.random.default_rng(3), TinyModel()

    def conv(source: int) -> int:
        weights = tiny.tensor((4, 3, 3, 4), "float32", data=rng.normal(size=(4, 3, 3, 4)) / 6)
        bias = tiny.tensor((4,), "float32", data=rng.normal(size=4))
        made = tiny.tensor((1, 6, 6, 4), "float32")
        options = {"padding": SAME, "strideH": 1, "strideW": 1, "fusedActivationFunction": RELU}
        return tiny.operator("CONV_2D", [source, weights, bias], made, "Conv2DOptions", **options)

    x = tiny.tensor((1, 6, 6, 4), "float32")
    first = conv(x)
    second = conv(first)
    total = tiny.tensor((1, 6, 6, 4), "float32")
    tiny.operator("ADD", [first, second], total, "AddOptions", fusedActivationFunction=RELU)
    pooled = tiny.tensor((1, 3, 3, 4), "float32")
    window = {"padding": VALID, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
    tiny.operator("MAX_POOL_2D", [total], pooled, "Pool2DOptions", **window)
    shape = tiny.tensor((2,), "int32", data=np.array([1, 36]))
    flat = tiny.tensor((1, 36), "float32")
    tiny.operator("RESHAPE", [pooled, shape], flat, "ReshapeOptions", newShape=[1, 36], version=1)
    weights = tiny.tensor((5, 36), "float32", data=rng.normal(size=(5, 36)) / 6)
    bias = tiny.tensor((5,), "float32", data=rng.normal(size=5))
    scores = tiny.tensor((1, 5), "float32")
    tiny.operator("FULLY_CONNECTED", [flat, weights, bias], scores, "FullyConnectedOptions")
    y = tiny.tensor((1, 5), "float32")
    tiny.operator("SOFTMAX", [scores], y, "SoftmaxOptions", beta=1.0)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    deployed = deploy(model, tmp_path / "code")
    assert largest_difference(deployed) < CLOSE
    names = [layer.name for layer in model.layers]
    assert [layer for step in deployed.code.steps for layer in step.layers] == names
    assert deployed.code.steps[0].kernel == deployed.code.steps[1].kernel


@pytest.mark.parametrize("name", ["RELU", "LOGISTIC", "TANH", "ABS", "HARD_SWISH"])
def test_elementwise_layers_agree(name: str, tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y = tiny.tensor((1, 31), "float32"), tiny.tensor((1, 31), "float32")
    tiny.operator(name, [x], y, version=1)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code")) < CLOSE


def test_means_pads_and_joins_agree(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 4, 5, 3), "float32")
    amounts = tiny.tensor((4, 2), "int32", data=np.array([[0, 0], [1, 1], [0, 2], [0, 0]]))
    padded = tiny.tensor((1, 6, 7, 3), "float32")
    tiny.operator("PAD", [x, amounts], padded, "PadOptions", version=1)
    joined = tiny.tensor((1, 6, 7, 6), "float32")
    tiny.operator("CONCATENATION", [padded, padded], joined, "ConcatenationOptions", axis=3, version=1)
    axes = tiny.tensor((2,), "int32", data=np.array([1, 2]))
    y = tiny.tensor((1, 6), "float32")
    tiny.operator("MEAN", [joined, axes], y, "ReducerOptions", keepDims=False, version=1)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code")) < CLOSE
