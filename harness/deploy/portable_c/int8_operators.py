"""Each int8 operator of TFLite as nodes of ONNX, on integers throughout where ONNX (Runtime) has an operator for it.

How a convolution's sums are rounded is mended in the C code, see `requantize`. What else is computed in float32 (sums
and products of two tensors, softmax, conversions) may be off by one step, where the exact value lies close to a tie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from harness.deploy.portable_c.elementwise import OPERATORS, dequantize, int8_elementwise, quantization, quantize
from harness.deploy.portable_c.float_operators import (
    Emit,
    concatenate,
    filter_of,
    filters,
    max_pool_node,
    pad,
    reshape,
    transpose,
)
from harness.deploy.portable_c.geometry import broadcast, common_layout, required, tensor_of, window
from harness.deploy.portable_c.onnx_writer import MICROSOFT, Layout, OnnxWriter, in_layout
from harness.deploy.quantize_math import INT8_MAX, INT8_MIN, activation_range
from harness.model.tflite_graph import GraphOperator, GraphTensor

Tensors = tuple[GraphTensor, GraphTensor]


def _clamped(writer: OnnxWriter, operator: GraphOperator, name: str) -> str:
    """The fused activation, on the stored values; nothing where it lets all of them through."""
    import numpy as np

    output = writer.graph.tensors[operator.outputs[0]]
    activation = str(operator.options.get("fused_activation_function", "NONE"))
    limits = activation_range(activation, float(output.scales[0]), int(output.zero_points[0]))
    if limits == (INT8_MIN, INT8_MAX):
        return name
    return writer.node("Clip", [name, *(writer.constant(np.array(limit, np.int8)) for limit in limits)])


def _weighted_inputs(writer: OnnxWriter, operator: GraphOperator, x: str, weights: str) -> list[str]:
    """Inputs of QLinearConv: data, weights, and what they and the output are stored by, and the bias."""
    source, held = required(writer.graph, operator, 0), required(writer.graph, operator, 1)
    bias, output = tensor_of(writer.graph, operator, 2), writer.graph.tensors[operator.outputs[0]]
    inputs = [x, *quantization(writer, source), weights, *quantization(writer, held), *quantization(writer, output)]
    return [*inputs, *([writer.use(bias.index)] if bias else [])]


def _convolution(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    weights, kernel, groups = filters(writer, operator)
    inputs = _weighted_inputs(writer, operator, writer.use(source.index, Layout.CHANNELS_FIRST), weights)
    made = writer.node("QLinearConv", inputs, group=groups, **window(operator, kernel, source, output))
    writer.made(output.index, _clamped(writer, operator, made), Layout.CHANNELS_FIRST)


def _dense(writer: OnnxWriter, operator: GraphOperator) -> None:
    """As a convolution of one point: ONNX's quantized matrix product has no bias."""
    source, held = required(writer.graph, operator, 0), required(writer.graph, operator, 1)
    output = writer.graph.tensors[operator.outputs[0]]
    assert held.data is not None
    count, features = held.shape
    x = writer.reshape(writer.use(source.index), (prod(source.shape) // features, features, 1, 1))
    weights = writer.constant(held.data.reshape(count, features, 1, 1))
    made = writer.node("QLinearConv", _weighted_inputs(writer, operator, x, weights), kernel_shape=[1, 1])
    writer.made(output.index, writer.reshape(_clamped(writer, operator, made), output.shape))


def _quantized(writer: OnnxWriter, op: str, x: str, tensors: Tensors, shape: Sequence[int], **more: Any) -> str:
    """One of ONNX Runtime's operators of one quantized input, which makes an int8 value of that shape."""
    source, output = tensors
    inputs = [x, *quantization(writer, source), *quantization(writer, output)]
    return writer.declare(writer.node(op, inputs, domain=MICROSOFT, **more), "int8", shape)


def _average_pool(writer: OnnxWriter, operator: GraphOperator) -> None:
    """Of the stored values: TFLite rounds their mean, ties away from the stored 0, not from the real one."""
    import numpy as np

    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    attributes = window(operator, filter_of(operator), source, output)
    stored = [writer.constant(np.array(1, np.float32)), writer.constant(np.array(0, np.int8))]
    inputs = [writer.use(source.index, Layout.CHANNELS_FIRST), *stored, *stored]
    made = writer.node("QLinearAveragePool", inputs, domain=MICROSOFT, **attributes)
    writer.declare(made, "int8", in_layout(output.shape, Layout.CHANNELS_FIRST))
    writer.made(output.index, _clamped(writer, operator, made), Layout.CHANNELS_FIRST)


def _max_pool(writer: OnnxWriter, operator: GraphOperator) -> None:
    made = _clamped(writer, operator, max_pool_node(writer, operator))
    writer.made(operator.outputs[0], made, Layout.CHANNELS_FIRST)


def _mean(writer: OnnxWriter, operator: GraphOperator) -> None:
    """Over height and width: a pooling of the whole image."""
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    x = writer.use(source.index, Layout.CHANNELS_FIRST)
    batch, height, width, channels = source.shape
    shape, kernel = (batch, channels, 1, 1), [height, width]
    made = _quantized(writer, "QLinearAveragePool", x, (source, output), shape, kernel_shape=kernel)
    writer.made(output.index, writer.reshape(made, output.shape))


def _softmax(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    x, tensors = writer.use(source.index), (source, output)
    made = _quantized(writer, "QLinearSoftmax", x, tensors, output.shape, axis=-1, opset=13)
    writer.made(output.index, made)


def _logistic(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    layout = common_layout(writer, operator)
    x, shape = writer.use(source.index, layout), in_layout(output.shape, layout)
    made = _quantized(writer, "QLinearSigmoid", x, (source, output), shape)
    writer.made(output.index, made, layout)


def _two_inputs(writer: OnnxWriter, operator: GraphOperator) -> None:
    """Sum or product."""
    layout, output = common_layout(writer, operator), writer.graph.tensors[operator.outputs[0]]
    inputs: list[str] = []
    for place in range(2):
        tensor = required(writer.graph, operator, place)
        inputs += [broadcast(writer, tensor.index, layout), *quantization(writer, tensor)]
    op = {"ADD": "QLinearAdd", "MUL": "QLinearMul"}[operator.op]
    made = writer.node(op, [*inputs, *quantization(writer, output)], domain=MICROSOFT)
    writer.declare(made, "int8", in_layout(output.shape, layout))
    writer.made(output.index, _clamped(writer, operator, made), layout)


def _convert(writer: OnnxWriter, operator: GraphOperator) -> None:
    """QUANTIZE and DEQUANTIZE; from int8 to int8 by way of real numbers."""
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    layout = common_layout(writer, operator)
    made = writer.use(source.index, layout)
    if source.dtype == "int8":
        made = dequantize(writer, source, made)
    if output.dtype == "int8":
        made = quantize(writer, output, made)
    writer.made(output.index, made, layout)


# TFLite has no int8 kernels of the three.
INT8_OPERATORS: Mapping[str, Emit] = {
    **dict.fromkeys(OPERATORS - {"DIV", "NEG", "SQRT"}, int8_elementwise),
    "ADD": _two_inputs,
    "AVERAGE_POOL_2D": _average_pool,
    "CONCATENATION": concatenate,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "DEQUANTIZE": _convert,
    "EXPAND_DIMS": reshape,
    "FULLY_CONNECTED": _dense,
    "LOGISTIC": _logistic,
    "MAX_POOL_2D": _max_pool,
    "MEAN": _mean,
    "MUL": _two_inputs,
    "PAD": pad,
    "QUANTIZE": _convert,
    "RESHAPE": reshape,
    "SOFTMAX": _softmax,
    "SQUEEZE": reshape,
    "TRANSPOSE": transpose,
}
