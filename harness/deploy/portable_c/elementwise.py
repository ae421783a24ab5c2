"""Operators that compute each element by itself, in real numbers: float32 as they are, int8 between two conversions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.deploy.portable_c.geometry import broadcast, common_layout
from harness.deploy.portable_c.onnx_writer import OnnxWriter
from harness.model.tflite_graph import GraphOperator, GraphTensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLAMPS: dict[str, tuple[float, float] | None] = {
    "NONE": None,
    "RELU": (0.0, float("inf")),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}
"""Fused activations, and the real values that they let through."""

_PLAIN = {
    **{"ABS": "Abs", "ADD": "Add", "DIV": "Div", "EXP": "Exp", "HARD_SWISH": "HardSwish"},
    **{"LOGISTIC": "Sigmoid", "MAXIMUM": "Max", "MINIMUM": "Min", "MUL": "Mul", "NEG": "Neg", "RELU": "Relu"},
    **{"SQRT": "Sqrt", "SUB": "Sub", "TANH": "Tanh"},
}
OPERATORS = frozenset({*_PLAIN, "LEAKY_RELU", "RELU6", "RELU_N1_TO_1"})


def compute(writer: OnnxWriter, operator: GraphOperator, inputs: Sequence[str]) -> str:
    """Nodes for one operator and its fused activation, on float32 values."""
    if operator.op in ("RELU6", "RELU_N1_TO_1"):
        return clamp(writer, operator.op, inputs[0])
    if operator.op == "LEAKY_RELU":
        return writer.node("LeakyRelu", inputs, alpha=float(operator.options["alpha"]))  # type: ignore[arg-type]
    made = writer.node(_PLAIN[operator.op], inputs)
    return clamp(writer, str(operator.options.get("fused_activation_function", "NONE")), made)


def clamp(writer: OnnxWriter, activation: str, name: str) -> str:
    """A fused activation, on a float32 value."""
    import numpy as np

    limits = CLAMPS[activation]
    if limits is None:
        return name
    if activation == "RELU":
        return writer.node("Relu", [name])
    return writer.node("Clip", [name, *(writer.constant(np.array(limit, np.float32)) for limit in limits)])


def float_elementwise(writer: OnnxWriter, operator: GraphOperator) -> None:
    """A float32 operator, in the layout that its inputs have."""
    layout = common_layout(writer, operator)
    inputs = [broadcast(writer, index, layout) for index in operator.inputs if index is not None]
    writer.made(operator.outputs[0], compute(writer, operator, inputs), layout)


def int8_elementwise(writer: OnnxWriter, operator: GraphOperator) -> None:
    """An int8 operator that ONNX has no integers for: to real numbers and back."""
    layout, output = common_layout(writer, operator), writer.graph.tensors[operator.outputs[0]]
    inputs = []
    for index in operator.inputs:
        assert index is not None
        name = broadcast(writer, index, layout)
        inputs.append(dequantize(writer, writer.graph.tensors[index], name))
    writer.made(output.index, quantize(writer, output, compute(writer, operator, inputs)), layout)


def dequantize(writer: OnnxWriter, tensor: GraphTensor, name: str) -> str:
    """The real values of an int8 value."""
    return writer.node("DequantizeLinear", [name, *quantization(writer, tensor)])


def quantize(writer: OnnxWriter, tensor: GraphTensor, name: str) -> str:
    """A float32 value, stored as a tensor's int8."""
    return writer.node("QuantizeLinear", [name, *quantization(writer, tensor)])


def quantization(writer: OnnxWriter, tensor: GraphTensor) -> tuple[str, str]:
    """The scale and zero point of a tensor, each one number or one a channel."""
    scales, zero_points = per_tensor(tensor)
    return writer.constant(scales), writer.constant(zero_points)


def per_tensor(tensor: GraphTensor) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Scale and zero point; () where there is one for the whole tensor."""
    import numpy as np

    scales, zero_points = tensor.scales.astype(np.float32), tensor.zero_points.astype(np.int8)
    return (scales.reshape(()), zero_points.reshape(())) if len(scales) == 1 else (scales, zero_points)
