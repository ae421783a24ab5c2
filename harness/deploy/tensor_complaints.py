"""What no backend for networks takes, whatever its operators."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harness.model.tflite_graph import Graph, GraphTensor


def tensor_complaints(graph: Graph, dtypes: Collection[str] = ("int8", "float32")) -> list[str]:
    """A line each, with the tensor's name, for ends of the graph, which must be of these types, and for variables."""
    return [f"tensor {tensor.name}: {complaint}" for tensor, complaint in _complaints(graph, dtypes)]


def _complaints(graph: Graph, dtypes: Collection[str]) -> Iterator[tuple[GraphTensor, str]]:
    for index in graph.inputs + graph.outputs:
        tensor = graph.tensors[index]
        if tensor.data is not None:
            yield tensor, "a graph's input or output must not be a constant"
        elif tensor.dtype not in dtypes:
            yield tensor, f"{tensor.dtype} inputs and outputs are not supported"
        elif 0 in tensor.shape:
            yield tensor, "has no elements"
    for tensor in graph.tensors:
        if tensor.is_variable:
            yield tensor, "variables that live from one inference to the next are not supported"
