"""Models of many layers side by side, each with an input and an output of its own: a generator's run takes seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.deploy.options import O2
from harness.deploy.portable_c import PortableCBackend
from harness.model.model import Model
from tests.deploy.agreement import Deployed, deploy
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.tiny_model import TinyModel, variant_of
from tests.deploy.tvm.test_tvm_int8_operators import NONE, RELU, SAME, VALID

IMAGE = (1, 6, 5, 3)


class Bouquet:
    """Grows layer by layer; `dtype` is that of all data."""

    def __init__(self, dtype: str) -> None:
        self.tiny, self.dtype = TinyModel(), dtype
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def data(self, shape: tuple[int, ...], scale: float = 0.05, zero_point: int = 3, dtype: str = "") -> int:
        """A tensor that is computed."""
        kind = dtype or self.dtype
        return self.tiny.tensor(shape, kind, *((scale, zero_point) if kind == "int8" else ()))

    def source(self, shape: tuple[int, ...], scale: float = 0.05, zero_point: int = 3, dtype: str = "") -> int:
        """One more input."""
        self.inputs.append(self.data(shape, scale, zero_point, dtype))
        return self.inputs[-1]

    def layer(
        self, op: str, inputs: list[int], output: int, options: str = "", version: int = 2, **more: object
    ) -> int:
        """One more layer, whose output is one of the model's."""
        self.outputs.append(self.tiny.operator(op, inputs, output, options, version, **more))
        return output

    def numbers(self, *values: object) -> int:
        """A constant of indices."""
        array = np.array(values)
        return self.tiny.tensor(array.shape, "int32", data=array)

    def write(self, directory: Path) -> Model:
        return self.tiny.write(directory / "bouquet.tflite", self.inputs, self.outputs)


def element_wise(bouquet: Bouquet) -> None:
    """Every operator of one or two inputs, with broadcasting from either side and from a constant."""
    unary = ["ABS", "HARD_SWISH", "LOGISTIC", "RELU", "RELU6", "RELU_N1_TO_1", "TANH"]
    for op in unary if bouquet.dtype == "int8" else [*unary, "NEG"]:
        scale, zero_point = (1 / 256, -128) if op == "LOGISTIC" else (0.05, -5)
        version = 1 if op in ("HARD_SWISH", "NEG", "RELU_N1_TO_1") else 2
        bouquet.layer(op, [bouquet.source(IMAGE)], bouquet.data(IMAGE, scale, zero_point), version=version)
    output = bouquet.data(IMAGE)
    bouquet.layer("LEAKY_RELU", [bouquet.source(IMAGE)], output, "LeakyReluOptions", alpha=0.2)
    for op, kind, left, right in (
        ("ADD", "Add", IMAGE, IMAGE),
        ("ADD", "Add", IMAGE, (1, 1, 1, 3)),
        ("SUB", "Sub", (1, 1, 5, 1), (1, 6, 1, 3)),
        ("MUL", "Mul", (1, 7), (1, 7)),
        ("MAXIMUM", "MaximumMinimum", IMAGE, IMAGE),
        ("MINIMUM", "MaximumMinimum", IMAGE, IMAGE),
    ):
        same = kind == "MaximumMinimum"
        inputs = [bouquet.source(left), bouquet.source(right, *(() if same else (0.03, -60)))]
        made = bouquet.data(tuple(np.broadcast_shapes(left, right)), *(() if same else (0.06, -4)))
        more = {} if same else {"fusedActivationFunction": RELU if left is right else NONE}
        bouquet.layer(op, inputs, made, f"{kind}Options", **more)


def windows(bouquet: Bouquet) -> None:
    """Pooling, and the mean of an image."""
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for kernel, stride, padding, size in (((2, 2), 2, VALID, (3, 2)), ((3, 3), 2, SAME, (3, 3))):
            options = {"padding": padding, "strideH": stride, "strideW": stride}
            options |= {"filterHeight": kernel[0], "filterWidth": kernel[1]}
            bouquet.layer(op, [bouquet.source(IMAGE)], bouquet.data((1, *size, 3)), "Pool2DOptions", **options)
    inputs = [bouquet.source(IMAGE), bouquet.numbers(1, 2)]
    bouquet.layer("MEAN", inputs, bouquet.data((1, 3), 0.02, 4), "ReducerOptions", keepDims=False)


def rearranged(bouquet: Bouquet) -> None:
    """What only moves bytes."""
    inputs = [
        bouquet.source(IMAGE),
        bouquet.tiny.tensor((4, 2), "int32", data=np.array([[0, 0], [1, 2], [0, 3], [0, 1]])),
    ]
    bouquet.layer("PAD", inputs, bouquet.data((1, 9, 8, 4)), "PadOptions")
    bouquet.layer("TRANSPOSE", [bouquet.source(IMAGE), bouquet.numbers(0, 2, 3, 1)], bouquet.data((1, 5, 3, 6)))
    inputs = [bouquet.source(IMAGE), bouquet.source((1, 6, 5, 2))]
    bouquet.layer("CONCATENATION", inputs, bouquet.data((1, 6, 5, 5)), "ConcatenationOptions", axis=3)
    shape = bouquet.numbers(1, 90)
    flat = bouquet.layer(
        "RESHAPE", [bouquet.source(IMAGE), shape], bouquet.data((1, 90)), "ReshapeOptions", 1, newShape=[1, 90]
    )
    bouquet.layer("EXPAND_DIMS", [flat, bouquet.numbers(1)], bouquet.data((1, 1, 90)), "ExpandDimsOptions", 1)
    inputs = [bouquet.source((1, 1, 7))]
    bouquet.layer("SQUEEZE", inputs, bouquet.data((1, 7)), "SqueezeOptions", 1, squeezeDims=[1])


def generated(model: Model, directory: Path) -> Deployed:
    """The model on a bare core, by this backend, which has nothing to say against it."""
    assert PortableCBackend().complaints(variant_of(model), CORTEX_M4, O2) == []
    return deploy(PortableCBackend(), model, directory)
