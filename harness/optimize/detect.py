"""How a `.tflite` is quantized, from the types of the tensors in its graph."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import ModelError
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor
from harness.optimize.quantization import NETWORK_QUANTIZATIONS, Quantization

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
# Indices, shapes and conditions are of these types however the data is quantized.
_OF_NO_DATA = ("int32", "int64", "bool")
_WAY_OUT = "convert it to float32 or to int8 throughout, or to another of " + ", ".join(NETWORK_QUANTIZATIONS)


def detect_quantization(graph: Graph, origin: str) -> Quantization:
    """How a model is quantized.

    Args:
        origin: what to call the model in an error: its path.

    Raises:
        ModelError: its layers compute in more than one type or in one that no quantization has, or its inputs and
            outputs differ in type; the text lists what was found.
    """
    computed = {graph.tensors[i].dtype for one in _computing(graph) for i in one.outputs} - {*_OF_NO_DATA}
    ends = {graph.tensors[index].dtype for index in graph.inputs + graph.outputs} - {*_OF_NO_DATA}
    constants = {tensor.dtype for tensor in _constants(graph)}
    for quantization in NETWORK_QUANTIZATIONS:
        if computed == {quantization.activations} and ends <= {quantization.io} and _fits(quantization, constants):
            return quantization
    found = f"layers that compute {_listed(computed)}, inputs and outputs of {_listed(ends)}"
    raise ModelError(f"{origin}: mixes {found}, constants of {_listed(constants)}; {_WAY_OUT}")


def has_channel_scales(graph: Graph) -> bool:
    """Whether some weights are quantized per channel."""
    return any(tensor.dtype == "int8" and len(tensor.scales) > 1 for tensor in _constants(graph))


def _fits(quantization: Quantization, constants: set[str]) -> bool:
    """Whether the types of a model's constants are those of a quantization whose activations it has."""
    if quantization.is_calibrated:
        return True
    small = {Quantization.FLOAT16: {"float16"}, Quantization.DYNAMIC: {"int8"}}.get(quantization, set())
    return constants & {"float16", "int8", "uint8", "int16"} == small


def _computing(graph: Graph) -> Iterator[GraphOperator]:
    return (operator for operator in graph.operators if operator.op not in _CONVERSIONS)


def _constants(graph: Graph) -> Iterator[GraphTensor]:
    """What operators read that is not computed."""
    for operator in graph.operators:
        for index in operator.inputs:
            if index is not None and graph.tensors[index].data is not None:
                yield graph.tensors[index]


def _listed(dtypes: set[str]) -> str:
    return " and ".join(sorted(dtypes)) or "nothing"
