"""What this backend can call CMSIS-NN for, checked before anything is fetched: all complaints at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.deploy.operator_view import OperatorView
from harness.deploy.program import ALIASES
from harness.deploy.tensor_complaints import tensor_complaints
from harness.model.tflite_graph import Graph, GraphTensor

_CLAMPS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
_LARGEST = 2**16 - 1
"""CMSIS-NN counts channels, rows and columns in 16 bits."""


def operators() -> tuple[str, ...]:
    """All that there are, by name."""
    return tuple(sorted(_CHECKS))


def unsupported(graph: Graph) -> list[str]:
    """What can't be called, a line each, with the layer's name; empty where every operator can."""
    complaints = [
        f"layer {operator.name} ({operator.op}): {complaint}"
        for operator in graph.operators
        for complaint in _complaints(OperatorView(graph, operator))
    ]
    return complaints + tensor_complaints(graph)


def _complaints(view: OperatorView) -> Iterator[str]:
    operator = view.operator
    if operator.op not in _CHECKS:
        yield "the operator is not supported"
        return
    if view.input(0) is None or len(operator.outputs) != 1:
        yield "must have one output and a first input"
        return
    given = [view.given(n) for n, index in enumerate(operator.inputs) if index is not None]
    if any(0 in tensor.shape for tensor in (view.output, *given)):
        yield "has a tensor without elements"
        return
    if any(extent > _LARGEST for tensor in (view.output, *given) for extent in tensor.shape):
        yield f"a dimension is larger than the {_LARGEST:,} that CMSIS-NN counts to"
    if operator.op not in ("QUANTIZE", "DEQUANTIZE"):
        yield from _not_int8(tensor for tensor in (view.output, *given) if tensor.data is None)
    if view.output.dtype == "int8" and len(view.output.scales) != 1:
        return  # what follows relies on it
    activation = operator.options.get("fused_activation_function", "NONE")
    if activation not in _CLAMPS:
        yield f"the fused activation {activation} is not supported"
    yield from _CHECKS[operator.op](view)


def _not_int8(tensors: Iterator[GraphTensor]) -> Iterator[str]:
    for tensor in tensors:
        if tensor.dtype != "int8":
            yield f"{tensor.name} is {tensor.dtype}, not int8"
        elif len(tensor.scales) != 1:
            yield f"{tensor.name} has no scale of its own"


def _nothing(_view: OperatorView) -> Iterator[str]:
    yield from ()


def _weighted(view: OperatorView) -> Iterator[str]:
    x, weights, bias = view.given(0), view.input(1), view.input(2)
    if weights is None or weights.data is None or weights.dtype != "int8":
        yield "weights must be int8 constants"
        return
    axis = 3 if view.operator.op == "DEPTHWISE_CONV_2D" else 0
    if len(weights.scales) not in (1, weights.shape[axis]) or weights.zero_points.any():
        yield "weights must have one scale, or one a channel, and no zero point"
    elif len(weights.scales) > 1 and weights.quantized_dimension != axis:
        yield f"weights must have their scales along dimension {axis}, not {weights.quantized_dimension}"
    if bias is not None and (bias.data is None or bias.dtype != "int32"):
        yield "the bias must be an int32 constant"
    if view.operator.op == "CONV_2D" and weights.shape[3] != x.shape[3]:
        yield "grouped convolutions are not supported"


def _one_quantization(view: OperatorView) -> Iterator[str]:
    tensors = (view.output, *(view.given(n) for n in range(len(view.operator.inputs))))
    if len({(float(t.scales[0]), int(t.zero_points[0])) for t in tensors if len(t.scales) == 1}) != 1:
        yield "inputs and output must have one scale and zero point"


def _pooled(view: OperatorView) -> Iterator[str]:
    x, y = view.given(0), view.output
    if len(x.scales) == 1 and (x.scales[0], x.zero_points[0]) != (y.scales[0], y.zero_points[0]):
        yield "input and output must have one scale and zero point"


def _probabilities(view: OperatorView) -> Iterator[str]:
    y = view.output
    if (float(y.scales[0]), int(y.zero_points[0])) != (1 / 256, -128):
        yield "the output's scale must be 1/256, its zero point -128"


def _constant_argument(view: OperatorView) -> Iterator[str]:
    argument = view.input(1)
    if argument is None or argument.data is None:
        yield "axes, paddings and permutations must be constants"
    elif view.operator.op == "PAD":
        yield from _pooled(view)
    elif view.operator.op == "MEAN":
        rank = len(view.given(0).shape)
        axes = sorted({int(axis) % rank for axis in argument.data.ravel()}) if rank else []
        if not axes or axes != list(range(axes[0], axes[-1] + 1)):
            yield "the axes must be neighbours"


def _two_tensors(view: OperatorView) -> Iterator[str]:
    for place in (0, 1):
        tensor = view.input(place)
        if tensor is None or tensor.dtype != "int8" or len(tensor.scales) != 1:
            yield "both inputs must be int8 with one scale"
            return


def _converted(view: OperatorView) -> Iterator[str]:
    types = view.given(0).dtype, view.output.dtype
    allowed = {"QUANTIZE": (("float32", "int8"), ("int8", "int8")), "DEQUANTIZE": (("int8", "float32"),)}
    if types not in allowed[view.operator.op]:
        yield f"{types[0]} to {types[1]} is not supported"
    for tensor in (view.given(0), view.output):
        if tensor.dtype == "int8" and len(tensor.scales) != 1:
            yield f"{tensor.name} has no scale of its own"


_CHECKS: Mapping[str, Callable[[OperatorView], Iterator[str]]] = {
    "ADD": _two_tensors,
    "AVERAGE_POOL_2D": _pooled,
    "CONCATENATION": _one_quantization,
    "CONV_2D": _weighted,
    "DEPTHWISE_CONV_2D": _weighted,
    "DEQUANTIZE": _converted,
    "FULLY_CONNECTED": _weighted,
    "MAX_POOL_2D": _pooled,
    "MEAN": _constant_argument,
    "MUL": _two_tensors,
    "PAD": _constant_argument,
    "QUANTIZE": _converted,
    "RELU": _nothing,
    "RELU6": _nothing,
    "RELU_N1_TO_1": _nothing,
    "SOFTMAX": _probabilities,
    **dict.fromkeys(ALIASES, _nothing),
}
