"""Each float32 operator of TFLite as nodes of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from harness.deploy.portable_c.elementwise import OPERATORS, clamp, float_elementwise
from harness.deploy.portable_c.geometry import axes_of, axis_in, common_layout, required, tensor_of, window
from harness.deploy.portable_c.onnx_writer import MICROSOFT, TO_CHANNELS_FIRST, Layout, OnnxWriter, in_layout
from harness.model.tflite_graph import GraphOperator

Emit = Callable[[OnnxWriter, GraphOperator], None]


def reshape(writer: OnnxWriter, operator: GraphOperator) -> None:
    """Any operator that only gives the same bytes another shape."""
    source, output = operator.inputs[0], writer.graph.tensors[operator.outputs[0]]
    assert source is not None
    writer.made(output.index, writer.reshape(writer.use(source), output.shape))


def concatenate(writer: OnnxWriter, operator: GraphOperator) -> None:
    """Float32, or int8 where all have the same scale."""
    layout = common_layout(writer, operator)
    rank = len(writer.graph.tensors[operator.outputs[0]].shape)
    axis = axis_in(layout, int(operator.options["axis"]) % rank)  # type: ignore[arg-type] # the schema has a number
    inputs = [writer.use(index, layout) for index in operator.inputs if index is not None]
    writer.made(operator.outputs[0], writer.node("Concat", inputs, axis=axis), layout)


def transpose(writer: OnnxWriter, operator: GraphOperator) -> None:
    """Of any type."""
    order = required(writer.graph, operator, 1).data
    assert order is not None
    source = writer.use(required(writer.graph, operator, 0).index)
    writer.made(operator.outputs[0], writer.node("Transpose", [source], perm=[int(axis) for axis in order.ravel()]))


def pad(writer: OnnxWriter, operator: GraphOperator) -> None:
    """With zeros: the zero point, where the type is int8."""
    import numpy as np

    source, paddings = required(writer.graph, operator, 0), required(writer.graph, operator, 1).data
    assert paddings is not None
    layout = common_layout(writer, operator)
    pairs = [tuple(int(one) for one in pair) for pair in paddings.reshape(-1, 2)]
    if layout is Layout.CHANNELS_FIRST:
        pairs = [pairs[axis] for axis in TO_CHANNELS_FIRST]
    pads = writer.constant(np.array([before for before, _ in pairs] + [after for _, after in pairs], np.int64))
    value = source.zero_points[0] if source.dtype == "int8" else 0
    filling = writer.constant(np.array(value, source.dtype))
    writer.made(operator.outputs[0], writer.node("Pad", [writer.use(source.index, layout), pads, filling]), layout)


def max_pool_node(writer: OnnxWriter, operator: GraphOperator) -> str:
    """Of float32 or int8, without its activation."""
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    attributes = window(operator, filter_of(operator), source, output)
    return writer.node("MaxPool", [writer.use(source.index, Layout.CHANNELS_FIRST)], **attributes)


def filter_of(operator: GraphOperator) -> tuple[int, int]:
    """(height, width) of a pooling window."""
    return int(operator.options["filter_height"]), int(operator.options["filter_width"])  # type: ignore[arg-type]


def filters(writer: OnnxWriter, operator: GraphOperator) -> tuple[str, tuple[int, int], int]:
    """The constant of a convolution's filters, (height, width), and how many groups of channels there are."""
    source, weights = required(writer.graph, operator, 0), required(writer.graph, operator, 1)
    assert weights.data is not None
    if operator.op == "DEPTHWISE_CONV_2D":
        # (1, height, width, out) to (out, 1, height, width)
        turned, groups = weights.data.transpose(3, 0, 1, 2), source.shape[3]
    else:
        turned, groups = weights.data.transpose(TO_CHANNELS_FIRST), source.shape[3] // weights.shape[3]
    return writer.constant(turned), (weights.shape[1], weights.shape[2]), groups


def _convolution(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    bias, activation = tensor_of(writer.graph, operator, 2), str(operator.options["fused_activation_function"])
    weights, kernel, groups = filters(writer, operator)
    inputs = [writer.use(source.index, Layout.CHANNELS_FIRST), weights, *([writer.use(bias.index)] if bias else [])]
    attributes = {**window(operator, kernel, source, output), "group": groups}
    if activation == "RELU":
        made = writer.node("FusedConv", inputs, domain=MICROSOFT, activation="Relu", **attributes)
        writer.declare(made, "float32", in_layout(output.shape, Layout.CHANNELS_FIRST))
    else:
        made = clamp(writer, activation, writer.node("Conv", inputs, **attributes))
    writer.made(output.index, made, Layout.CHANNELS_FIRST)


def _dense(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, weights = required(writer.graph, operator, 0), required(writer.graph, operator, 1)
    bias, output = tensor_of(writer.graph, operator, 2), writer.graph.tensors[operator.outputs[0]]
    x, features = writer.use(source.index), weights.shape[1]
    if len(source.shape) != 2 or source.shape[1] != features:
        x = writer.reshape(x, (prod(source.shape) // features, features))
    inputs = [x, writer.use(weights.index), *([writer.use(bias.index)] if bias else [])]
    made = clamp(writer, str(operator.options["fused_activation_function"]), writer.node("Gemm", inputs, transB=1))
    if len(output.shape) != 2:
        made = writer.reshape(made, output.shape)
    writer.made(output.index, made)


def _average_pool(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    attributes = window(operator, filter_of(operator), source, output)
    made = writer.node("AveragePool", [writer.use(source.index, Layout.CHANNELS_FIRST)], **attributes)
    made = clamp(writer, str(operator.options["fused_activation_function"]), made)
    writer.made(output.index, made, Layout.CHANNELS_FIRST)


def _float_max_pool(writer: OnnxWriter, operator: GraphOperator) -> None:
    made = clamp(writer, str(operator.options["fused_activation_function"]), max_pool_node(writer, operator))
    writer.made(operator.outputs[0], made, Layout.CHANNELS_FIRST)


def _softmax(writer: OnnxWriter, operator: GraphOperator) -> None:
    source = required(writer.graph, operator, 0)
    writer.made(operator.outputs[0], writer.node("Softmax", [writer.use(source.index)], axis=-1))


def _mean(writer: OnnxWriter, operator: GraphOperator) -> None:
    source, output = required(writer.graph, operator, 0), writer.graph.tensors[operator.outputs[0]]
    axes = axes_of(required(writer.graph, operator, 1), len(source.shape))
    # The mean of an image needs no turning: without the axes that go, both layouts are the same.
    layout = Layout.CHANNELS_FIRST if axes == (1, 2) and len(source.shape) == 4 else Layout.PLAIN
    kept = [axis_in(layout, axis) for axis in axes]
    made = writer.node("ReduceMean", [writer.use(source.index, layout)], axes=kept, keepdims=0)
    writer.made(output.index, writer.reshape(made, output.shape))


FLOAT_OPERATORS: Mapping[str, Emit] = {
    **dict.fromkeys(OPERATORS, float_elementwise),
    "AVERAGE_POOL_2D": _average_pool,
    "CONCATENATION": concatenate,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "EXPAND_DIMS": reshape,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _float_max_pool,
    "MEAN": _mean,
    "PAD": pad,
    "RESHAPE": reshape,
    "SOFTMAX": _softmax,
    "SQUEEZE": reshape,
    "TRANSPOSE": transpose,
}
