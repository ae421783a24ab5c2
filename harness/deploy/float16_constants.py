"""Float16 models for backends that compute float32: their constants are turned once, before code is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model.model import Model
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor, open_graph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def open_float32_graph(model: Model) -> Graph:
    """As `open_graph`, but without DEQUANTIZE of float16 constants: what they give are constants of the same values.

    Operators are numbered anew; tensors keep their numbers.

    Raises:
        ModelError, UnsupportedModelError: as `open_graph`.
    """
    graph = open_graph(model)
    sources = [_source(graph, operator) for operator in graph.operators]
    pairs = list(zip(graph.operators, sources, strict=True))
    turned = {operator.outputs[0]: source for operator, source in pairs if source is not None}
    if not turned:
        return graph
    kept = (operator for operator, source in pairs if source is None)
    operators = tuple(replace(operator, index=index) for index, operator in enumerate(kept))
    return replace(graph, tensors=_tensors(graph, turned), operators=operators)


def _source(graph: Graph, operator: GraphOperator) -> NDArray[np.generic] | None:
    """The constant that an operator turns to float32, if it does that."""
    if operator.op != "DEQUANTIZE" or len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return None
    index = operator.inputs[0]
    tensor = None if index is None else graph.tensors[index]
    output = graph.tensors[operator.outputs[0]]
    if tensor is None or (tensor.dtype, tensor.shape, output.dtype) != ("float16", output.shape, "float32"):
        return None
    return tensor.data


def _tensors(graph: Graph, turned: Mapping[int, NDArray[np.generic]]) -> tuple[GraphTensor, ...]:
    import numpy as np

    # A hostile file may turn the same bytes over and over: they are kept once.
    known: dict[tuple[int, int], NDArray[np.float32]] = {}
    tensors = list(graph.tensors)
    for index, source in turned.items():
        place = source.ctypes.data, source.nbytes
        if place not in known:
            known[place] = source.astype(np.float32).ravel()
            known[place].flags.writeable = False
        tensors[index] = replace(tensors[index], data=known[place].reshape(source.shape))
    return tuple(tensors)
