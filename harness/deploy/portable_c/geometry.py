"""Windows, axes and layouts in ONNX's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.deploy.portable_c.onnx_writer import Layout, OnnxWriter
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

AXIS_CHANNELS_FIRST = (0, 2, 3, 1)
"""Where each axis of a `.tflite` image is in ONNX's layout."""


def tensor_of(graph: Graph, operator: GraphOperator, place: int) -> GraphTensor | None:
    """An operator's input, None where it is left out."""
    index = operator.inputs[place] if place < len(operator.inputs) else None
    return None if index is None else graph.tensors[index]


def required(graph: Graph, operator: GraphOperator, place: int) -> GraphTensor:
    """An operator's input that `complaints` has seen to be there."""
    tensor = tensor_of(graph, operator, place)
    assert tensor is not None
    return tensor


def window(operator: GraphOperator, kernel: Sequence[int], source: GraphTensor, made: GraphTensor) -> dict[str, Any]:
    """The attributes of a convolution or pooling: `kernel` is (height, width).

    TFLite's SAME puts the odd row or column of padding at the end (`ComputePaddingHeightWidth` of its padding.h).
    """
    strides = [_whole(operator, "stride_h"), _whole(operator, "stride_w")]
    dilations = [_whole(operator, "dilation_h_factor"), _whole(operator, "dilation_w_factor")]
    begin, end = [0, 0], [0, 0]
    if operator.options["padding"] == "SAME":
        for axis in range(2):
            reach = (kernel[axis] - 1) * dilations[axis] + 1
            total = max((made.shape[1 + axis] - 1) * strides[axis] + reach - source.shape[1 + axis], 0)
            begin[axis], end[axis] = total // 2, total - total // 2
    attributes: dict[str, Any] = {"kernel_shape": list(kernel), "strides": strides, "pads": [*begin, *end]}
    return attributes if dilations == [1, 1] else {**attributes, "dilations": dilations}


def _whole(operator: GraphOperator, option: str) -> int:
    value = operator.options.get(option, 1)
    assert isinstance(value, int)
    return value


def common_layout(writer: OnnxWriter, operator: GraphOperator) -> Layout:
    """The layout that an operator without a preference works in: channels first where an input is only there so."""
    graph = writer.graph
    shapes = [graph.tensors[index].shape for index in (*operator.inputs, *operator.outputs) if index is not None]
    computed = [i for i in operator.inputs if i is not None and graph.tensors[i].data is None]
    if any(graph.tensors[index].data is None and len(graph.tensors[index].shape) != 4 for index in computed) or any(
        len(shape) > 4 for shape in shapes
    ):
        return Layout.PLAIN
    first = any(writer.layouts(index) == {Layout.CHANNELS_FIRST} for index in computed)
    return Layout.CHANNELS_FIRST if first else Layout.PLAIN


def broadcast(writer: OnnxWriter, index: int, layout: Layout) -> str:
    """An input of an element-wise operator; a constant of fewer dimensions gets leading ones before it is turned."""
    tensor = writer.graph.tensors[index]
    if layout is Layout.PLAIN or tensor.data is None or len(tensor.shape) == 4:
        return writer.use(index, layout)
    widened = tensor.data.reshape((1,) * (4 - len(tensor.shape)) + tensor.shape)
    return writer.constant(widened.transpose(0, 3, 1, 2))


def axis_in(layout: Layout, axis: int) -> int:
    """An axis of the `.tflite` tensor, in that layout."""
    return axis if layout is Layout.PLAIN else AXIS_CHANNELS_FIRST[axis]


def axes_of(argument: GraphTensor, rank: int) -> tuple[int, ...]:
    """A constant of axes, from 0 on."""
    assert argument.data is not None
    return tuple(sorted({int(axis) % rank for axis in argument.data.ravel()}))
