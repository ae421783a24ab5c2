"""The graph of a `.tflite` file as checked values: weights, quantization and operator options for the backends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UnsupportedModelError
from harness.model.model import Model, ModelFormat, Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OptionValue = int | float | str | tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class GraphTensor:
    """One tensor of the graph.

    Attributes:
        index: its place in `Graph.tensors`.
        name: as in the file; not always unique.
        shape: with the batch dimension, which is 1; () for a scalar.
        dtype: a numpy name, such as `int8`; or `int4`, which only constants have.
        scales: (n,) float32 and
        zero_points: (n,) int64; n is 0 where there is no quantization, 1 for per-tensor, the length of dimension
            `quantized_dimension` for per-channel quantization. real = scale * (stored - zero_point).
        quantized_dimension: the axis of the channels that `scales` belongs to.
        data: (shape) read-only, of `dtype`, that of `int4` unpacked to int8; None for a tensor that is computed.
        is_variable: it keeps its value from one inference to the next.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    quantized_dimension: int
    data: NDArray[np.generic] | None
    is_variable: bool

    def value(self) -> Tensor:
        """This tensor as the stages hand it on; scale and zero point only where they hold for the whole tensor."""
        if len(self.scales) != 1:
            return Tensor(self.name, self.shape, self.dtype)
        return Tensor(self.name, self.shape, self.dtype, float(self.scales[0]), int(self.zero_points[0]))


@dataclass(frozen=True, eq=False, slots=True)
class GraphOperator:
    """One operator of the graph.

    Attributes:
        index: its place in the order of execution.
        name: of its first output tensor, made unique; the same as `Layer.name`.
        op: the TFLite operator, such as `CONV_2D`; a custom operator's own name for `CUSTOM`.
        inputs: indices of tensors; None for an optional one that is left out.
        outputs: indices of tensors.
        options: the schema's names in snake case, such as `stride_w`, `padding` (`SAME`, `VALID`),
            `fused_activation_function` (`NONE`, `RELU`, `RELU6`, ...); fields left out of the file have their defaults.
    """

    index: int
    name: str
    op: str
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue]


@dataclass(frozen=True, eq=False)
class Graph:
    """The main subgraph of a model file.

    Attributes:
        tensors: all, in the file's order; operators refer to them by index.
        operators: in the order of execution: each uses only tensors that are there before it runs.
        inputs, outputs: indices of the graph's own inputs and outputs.
    """

    tensors: tuple[GraphTensor, ...]
    operators: tuple[GraphOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def given(self, operator: GraphOperator) -> list[GraphTensor]:
        """The inputs of an operator, without those that are left out."""
        return [self.tensors[index] for index in operator.inputs if index is not None]


def open_graph(model: Model) -> Graph:
    """The graph of a model that was read before.

    Raises:
        ModelError: the file is gone or is no longer the one that was read.
        UnsupportedModelError: it is a model of another kind, which has no such graph.
    """
    if model.format is not ModelFormat.TFLITE:
        kind = model.layers[0].op
        raise UnsupportedModelError(f"{model.path.name} holds scikit-learn's {kind}; only .tflite models have a graph")
    from harness.model.tflite_reader import parse_graph

    return parse_graph(model.read_bytes(), str(model.path))
