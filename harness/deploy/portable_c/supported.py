"""What this backend can compile, checked on the `.tflite` graph alone: all complaints at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod

from harness.deploy.portable_c.elementwise import CLAMPS, OPERATORS
from harness.deploy.portable_c.float_operators import FLOAT_OPERATORS
from harness.deploy.portable_c.int8_operators import INT8_OPERATORS
from harness.deploy.program import ALIASES
from harness.deploy.tensor_complaints import tensor_complaints
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

Operands = Sequence[GraphTensor | None]
Check = Callable[[Operands, GraphTensor], Iterator[str]]
_CONVERSIONS = (("float32", "int8"), ("int8", "int8"), ("int8", "float32"))


def operators(quantized: bool) -> tuple[str, ...]:
    """All that there are, by name."""
    return tuple(sorted(INT8_OPERATORS if quantized else FLOAT_OPERATORS))


def is_quantized(graph: Graph) -> bool:
    """Whether layers compute int8: also where the model's own inputs and outputs are float32."""
    return any(graph.tensors[index].dtype == "int8" for operator in graph.operators for index in operator.outputs)


def unsupported(graph: Graph) -> list[str]:
    """What can't be compiled, a line each, with the layer's name; empty where every operator can."""
    quantized = is_quantized(graph)
    complaints = [
        f"layer {operator.name} ({operator.op}): {complaint}"
        for operator in graph.operators
        for complaint in _complaints(graph, operator, quantized)
    ]
    return [*complaints, *tensor_complaints(graph), *_end_complaints(graph)]


def _end_complaints(graph: Graph) -> list[str]:
    """An ONNX graph's outputs are made by its nodes, each under a name of its own."""
    made = {index for operator in graph.operators for index in operator.outputs}
    odd = [index for index in graph.outputs if index not in made or graph.outputs.count(index) > 1]
    found = [f"tensor {graph.tensors[one].name}: an output must be made by an operator, and be only one" for one in odd]
    if all(operator.op in ALIASES for operator in graph.operators):
        found.append("the model only gives its input another shape: there is nothing to compute")
    return found


def _complaints(graph: Graph, operator: GraphOperator, quantized: bool) -> Iterator[str]:
    if operator.op not in (INT8_OPERATORS if quantized else FLOAT_OPERATORS):
        yield "the operator is not supported"
        return
    inputs = [None if index is None else graph.tensors[index] for index in operator.inputs]
    if not inputs or inputs[0] is None or len(operator.outputs) != 1:
        yield "must have one output and a first input"
        return
    output = graph.tensors[operator.outputs[0]]
    if any(0 in tensor.shape for tensor in [output, *inputs] if tensor is not None):
        yield "has a tensor without elements"
        return
    activation = operator.options.get("fused_activation_function", "NONE")
    if activation not in CLAMPS:
        yield f"the fused activation {activation} is not supported"
    yield from _type_complaints(operator, inputs, output, "int8" if quantized else "float32")
    yield from _CHECKS.get(operator.op, _nothing)(inputs, output)
    if operator.op == "SOFTMAX" and operator.options.get("beta", 1.0) != 1.0:
        yield "beta must be 1"


def _type_complaints(operator: GraphOperator, inputs: Operands, output: GraphTensor, dtype: str) -> Iterator[str]:
    if operator.op in ("QUANTIZE", "DEQUANTIZE"):
        types = (inputs[0].dtype if inputs[0] is not None else "", output.dtype)
        if types not in _CONVERSIONS:
            yield f"{types[0]} to {types[1]} is not supported"
        data: list[GraphTensor] = []
    elif operator.op in OPERATORS or operator.op == "CONCATENATION":
        data = [output, *(each for each in inputs if each is not None)]
    else:
        data = [output, *(each for each in inputs[:1] if each is not None)]
    for tensor in data:
        if tensor.dtype != dtype:
            yield f"{tensor.name} is {tensor.dtype}, not {dtype}"
    for tensor in [output, *(each for each in inputs if each is not None and each.data is None)]:
        if tensor.dtype == "int8" and (len(tensor.scales) != 1 or not tensor.scales[0] > 0):
            yield f"{tensor.name} has no scale of its own"


def _nothing(_inputs: Operands, _output: GraphTensor) -> Iterator[str]:
    yield from ()


def _weighted(inputs: Operands, output: GraphTensor) -> Iterator[str]:
    source, weights = inputs[0], inputs[1] if len(inputs) > 1 else None
    bias = inputs[2] if len(inputs) > 2 else None
    quantized = output.dtype == "int8"
    if source is None or weights is None or weights.data is None or weights.dtype != output.dtype:
        yield f"weights must be {output.dtype} constants"
        return
    if bias is not None and (bias.data is None or bias.dtype != ("int32" if quantized else "float32")):
        yield f"the bias must be {'an int32' if quantized else 'a float32'} constant"
    if quantized and (not (weights.scales > 0).all() or len(weights.scales) not in (1, output.shape[-1])):
        yield "weights must have one scale, or one a channel"


def _dense(inputs: Operands, output: GraphTensor) -> Iterator[str]:
    yield from _weighted(inputs, output)
    weights = inputs[1] if len(inputs) > 1 else None
    if inputs[0] is not None and weights is not None and prod(inputs[0].shape) % weights.shape[-1]:
        yield "the input must be whole vectors of features"


def _same_quantization(inputs: Operands, output: GraphTensor) -> Iterator[str]:
    tensors = [tensor for tensor in (*inputs, output) if tensor is not None and tensor.dtype == "int8"]
    known = {(float(t.scales[0]), int(t.zero_points[0])) for t in tensors if len(t.scales) == 1}
    if len(known) > 1:
        yield "inputs and output must have one scale and zero point"


def _rearranged(inputs: Operands, output: GraphTensor) -> Iterator[str]:
    if len(inputs) < 2 or inputs[1] is None or inputs[1].data is None:
        yield "axes and paddings must be constants"
    yield from _same_quantization(inputs[:1], output)


def _averaged(inputs: Operands, output: GraphTensor) -> Iterator[str]:
    source, axes = inputs[0], inputs[1] if len(inputs) > 1 else None
    if source is None or axes is None or axes.data is None:
        yield "axes must be constants"
    elif output.dtype == "int8" and (len(source.shape) != 4 or {int(axis) % 4 for axis in axes.data.ravel()} != {1, 2}):
        yield "in int8, the axes must be height and width of an image"


_CHECKS: Mapping[str, Check] = {
    "AVERAGE_POOL_2D": _same_quantization,
    "CONCATENATION": _same_quantization,
    "CONV_2D": _weighted,
    "DEPTHWISE_CONV_2D": _weighted,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _same_quantization,
    "MEAN": _averaged,
    "PAD": _rearranged,
    "TRANSPOSE": _rearranged,
}
