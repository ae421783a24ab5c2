"""What this backend can compile, checked before anything slow is imported: all complaints at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.deploy.curves import CURVES
from harness.deploy.tensor_complaints import tensor_complaints
from harness.deploy.tvm.program import ALIASES
from harness.deploy.tvm.supported_moves import MOVES
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

_CLAMPS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
_FLOAT_OPERATORS = {
    *(*ALIASES, *MOVES),
    *("ABS", "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DIV", "ELU", "EXP"),
    *("FULLY_CONNECTED", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MUL"),
    *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
    *("PAD", "RELU", "RELU6", "RELU_N1_TO_1", "RSQRT", "SOFTMAX", "SQRT", "SQUARED_DIFFERENCE", "SUB", "SUM", "TANH"),
}


def operators(quantized: bool) -> tuple[str, ...]:
    """All that there are, by name."""
    return tuple(sorted(_INT8_OPERATORS if quantized else _FLOAT_OPERATORS))


def unsupported(graph: Graph, quantized: bool) -> list[str]:
    """What can't be compiled, a line each, with the layer's name; empty where every operator can."""
    complaints = [
        f"layer {operator.name} ({operator.op}): {complaint}"
        for operator in graph.operators
        for complaint in _complaints(graph, operator, quantized)
    ]
    return complaints + tensor_complaints(graph, ("int8", "float32", "int32"))


def _complaints(graph: Graph, operator: GraphOperator, quantized: bool) -> Iterator[str]:
    operators = _INT8_OPERATORS if quantized else _FLOAT_OPERATORS
    if operator.op not in operators:
        yield "the operator is not supported"
        return
    several = operator.op in ("SPLIT", "UNPACK")
    if not operator.inputs or operator.inputs[0] is None or not operator.outputs:
        yield "must have an output and a first input"
        return
    if len(operator.outputs) > 1 and not several:
        yield "must have one output"
        return
    inputs = [None if index is None else graph.tensors[index] for index in operator.inputs]
    outputs = [graph.tensors[index] for index in operator.outputs]
    if any(0 in tensor.shape for tensor in [*outputs, *inputs] if tensor is not None):
        yield "has a tensor without elements"
        return
    if not quantized and len({t.name for t in inputs if t is not None}) < len(
        {i for i in operator.inputs if i is not None}
    ):
        yield "two of its inputs have the same name"  # TVM's front end knows tensors by their names alone
    yield from _type_complaints(operator, inputs, outputs, "int8" if quantized else "float32")
    if operator.op in MOVES:
        yield from MOVES[operator.op](operator, inputs, outputs)
    elif quantized or operator.op.startswith("RESIZE"):
        yield from _CHECKS[operator.op](operator, inputs, outputs[0])
    elif operator.op == "FULLY_CONNECTED":
        yield from _whole_vectors(inputs)


def _type_complaints(
    operator: GraphOperator, inputs: list[GraphTensor | None], outputs: list[GraphTensor], dtype: str
) -> Iterator[str]:
    values = inputs[:1] if operator.op == "GATHER" else inputs  # the rest are indices
    for tensor in [*outputs, *(each for each in values if each is not None and each.data is None)]:
        if tensor.dtype != dtype and operator.op not in ("QUANTIZE", "DEQUANTIZE"):
            yield f"{tensor.name} is {tensor.dtype}, not {dtype}"
        if dtype == "int8" and tensor.dtype == "int8" and (len(tensor.scales) != 1 or not tensor.scales[0] > 0):
            yield f"{tensor.name} has no scale of its own"
    activation = operator.options.get("fused_activation_function", "NONE")
    if activation not in _CLAMPS:
        yield f"the fused activation {activation} is not supported"


Check = Callable[[GraphOperator, "list[GraphTensor | None]", GraphTensor], Iterator[str]]


def _nothing(_operator: GraphOperator, _inputs: list[GraphTensor | None], _output: GraphTensor) -> Iterator[str]:
    yield from ()


def _weighted(operator: GraphOperator, inputs: list[GraphTensor | None], _output: GraphTensor) -> Iterator[str]:
    x, weights = inputs[0], inputs[1] if len(inputs) > 1 else None
    bias = inputs[2] if len(inputs) > 2 else None
    if x is None or weights is None or weights.data is None or weights.dtype != "int8":
        yield "weights must be int8 constants"
        return
    channels = weights.shape[3 if operator.op == "DEPTHWISE_CONV_2D" else 0]
    if len(weights.scales) not in (1, channels) or weights.zero_points.any() or not (weights.scales >= 0).all():
        yield "weights must have one scale, or one a channel, and no zero point"
    if bias is not None and (bias.data is None or bias.dtype != "int32"):
        yield "the bias must be an int32 constant"
    if operator.op != "FULLY_CONNECTED" and x.shape[0] != 1:
        yield "the batch must be 1"
    if operator.op == "CONV_2D" and weights.shape[3] != x.shape[3]:
        yield "grouped convolutions are not supported"


def _whole_vectors(inputs: list[GraphTensor | None]) -> Iterator[str]:
    """TVM's front end does not flatten what a float dense layer reads."""
    x, weights = inputs[0], inputs[1] if len(inputs) > 1 else None
    if x is None or weights is None or not x.shape or x.shape[-1:] != weights.shape[-1:]:
        yield "the input's last dimension must be that of the weights"


def _pooled(_operator: GraphOperator, inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    if inputs[0] is not None and inputs[0].shape[0] != 1:
        yield "the batch must be 1"
    if not _same_quantization([*inputs, output]):
        yield "input and output must have one scale and zero point"


def _probabilities(_operator: GraphOperator, _inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    if len(output.scales) == 1 and (float(output.scales[0]), int(output.zero_points[0])) != (1 / 256, -128):
        yield "the output's scale must be 1/256, its zero point -128"


def _on_a_curve(operator: GraphOperator, _inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    _, scale, zero_point = CURVES[operator.op]
    if len(output.scales) == 1 and (float(output.scales[0]), int(output.zero_points[0])) != (scale, zero_point):
        yield f"the output's scale must be 1/{1 / scale:g}, its zero point {zero_point}"


def _constant_argument(operator: GraphOperator, inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    argument = inputs[1] if len(inputs) > 1 else None
    if argument is None or argument.data is None:
        yield "axes and paddings must be constants"
    elif operator.op == "PAD" and not _same_quantization([*inputs[:1], output]):
        yield "input and output must have one scale and zero point"
    elif operator.op == "MEAN" and inputs[0] is not None:
        rank = len(inputs[0].shape)
        axes = sorted({int(axis) % rank for axis in argument.data.ravel()})
        if not axes or axes != list(range(axes[0], axes[-1] + 1)):
            yield "the axes must be neighbours"


def _two_tensors(_operator: GraphOperator, inputs: list[GraphTensor | None], _output: GraphTensor) -> Iterator[str]:
    for tensor in inputs:
        if tensor is None or tensor.dtype != "int8" or len(tensor.scales) != 1:
            yield "both inputs must be int8 with one scale"


def _concatenated(_operator: GraphOperator, inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    if not _same_quantization([*inputs, output]):
        yield "inputs and output must have one scale and zero point"


def _same_quantization(tensors: list[GraphTensor | None]) -> bool:
    known = {(float(t.scales[0]), int(t.zero_points[0])) for t in tensors if t is not None and len(t.scales) == 1}
    return len(known) == 1


def _resized(_operator: GraphOperator, inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    if inputs[0] is not None and (len(inputs[0].shape) != 4 or inputs[0].shape[0] != 1):
        yield "the input must have four dimensions, and the batch be 1"
    if output.dtype == "int8" and not _same_quantization([*inputs[:1], output]):
        yield "input and output must have one scale and zero point"


def _converted(operator: GraphOperator, inputs: list[GraphTensor | None], output: GraphTensor) -> Iterator[str]:
    source = inputs[0]
    types = (source.dtype if source is not None else "", output.dtype)
    allowed = {"QUANTIZE": (("float32", "int8"), ("int8", "int8")), "DEQUANTIZE": (("int8", "float32"),)}
    if types not in allowed[operator.op]:
        yield f"{types[0]} to {types[1]} is not supported"


_CHECKS: Mapping[str, Check] = {
    "ADD": _two_tensors,
    "AVERAGE_POOL_2D": _pooled,
    "CONCATENATION": _concatenated,
    "CONV_2D": _weighted,
    "DEPTHWISE_CONV_2D": _weighted,
    "DEQUANTIZE": _converted,
    "FULLY_CONNECTED": _weighted,
    "LOGISTIC": _on_a_curve,
    "MAX_POOL_2D": _pooled,
    "MEAN": _constant_argument,
    "MUL": _two_tensors,
    "PAD": _constant_argument,
    "QUANTIZE": _converted,
    "RELU": _nothing,
    "RELU6": _nothing,
    "RELU_N1_TO_1": _nothing,
    "RESIZE_BILINEAR": _resized,
    "RESIZE_NEAREST_NEIGHBOR": _resized,
    "SOFTMAX": _probabilities,
    "SUB": _two_tensors,
    "TANH": _on_a_curve,
    **dict.fromkeys(ALIASES, _nothing),
}
_INT8_OPERATORS = {*_CHECKS, *MOVES}
