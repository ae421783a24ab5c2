"""What the harness knows of a model: its tensors, its layers and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import prod
from pathlib import Path

from harness.cache import sha256
from harness.errors import ModelError
from harness.value import Value

ITEM_BYTES = {
    **{"float16": 2, "float32": 4, "float64": 8, "bool": 1},
    **{"int8": 1, "int16": 2, "int32": 4, "int64": 8, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8},
}


@dataclass(frozen=True)
class Tensor(Value):
    """One tensor of a model.

    Attributes:
        shape: with the batch dimension, which is 1.
        dtype: a numpy name, such as `int8`; `int4` for weights of which a byte holds two.
        scale, zero_point: per-tensor quantization, real = scale * (stored - zero_point); None where there is none.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None = None
    zero_point: int | None = None

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return -(-self.elements // 2) if self.dtype == "int4" else self.elements * ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class Layer(Value):
    """One operator of the graph, in execution order.

    Attributes:
        name: of its first output tensor, unique in the model.
        op: the TFLite operator, such as `CONV_2D`; the class of a model of scikit-learn.
        macs: multiply-accumulates of one inference; 0 for operators that do none.
        parameters: weights and biases held by this layer.
    """

    index: int
    name: str
    op: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    macs: int
    parameters: int


class ModelFormat(StrEnum):
    """How a model file is written; the values are its suffix."""

    TFLITE = "tflite"
    SKOPS = "skops"
    """A classifier of scikit-learn, see `harness.model.estimator`: one layer."""


@dataclass(frozen=True)
class Model(Value):
    """A model file that was read and checked whole.

    Attributes:
        name: how the user calls it: the zoo's name or the file's stem.
        path: the file.
        sha256: of the file's bytes, in hexadecimal.
        size: of the file, in bytes.
        inputs, outputs: of the graph, in the file's order.
    """

    name: str
    path: Path
    sha256: str
    size: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    format: ModelFormat = ModelFormat.TFLITE

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    def read_bytes(self) -> bytes:
        """The file's bytes.

        Raises:
            ModelError: the file is gone or is no longer the one that was read.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelError(f"{self.path}: {error.strerror}") from error
        if sha256(content) != self.sha256:
            raise ModelError(f"{self.path}: the file changed since it was read; run again")
        return content
