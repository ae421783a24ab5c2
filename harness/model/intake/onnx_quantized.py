"""The float network in a quantized ONNX model (QDQ form): weights as their integers mean them, activations unrounded.

TFLite's converter can't be told the ranges that the file has for its activations: int8 is calibrated anew from it.
Quantizers such as onnxruntime's leave out a ReLU where the least integer stands for 0, as the rounding does its work:
it comes back when the rounding goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.model.intake.onnx_graph import explained

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

_UNSIGNED = frozenset(
    (
        *("Relu", "Clip", "Sigmoid", "HardSigmoid", "Softmax", "Softplus", "Abs", "Exp", "Sqrt", "MaxPool"),
        *("AveragePool", "GlobalMaxPool", "GlobalAveragePool", "ReduceMean", "ReduceMax", "Concat", "Flatten"),
        *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Gather", "Pad", "Resize"),
        *("DepthToSpace", "SpaceToDepth"),
    )
)
"""Operators that give nothing negative, or only what was given to them, which was rounded, and so rectified, before."""


def without_quantization(model: ModelProto) -> ModelProto:
    """The model with constants dequantized, and without the pairs of QuantizeLinear and DequantizeLinear.

    Raises:
        ModelError: one of these stands alone: the model computes with integers in between.
    """
    import onnx

    found = onnx.ModelProto()
    found.CopyFrom(model)
    with explained():
        _take_out(found)
        return onnx.shape_inference.infer_shapes(found)


def _take_out(found: ModelProto) -> None:
    graph = found.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {name: node.op_type for node in graph.node for name in node.output}
    integers: dict[str, str] = {}
    renamed: dict[str, str] = {}
    kept = []
    for node in graph.node:
        if node.op_type == "QuantizeLinear":
            source = renamed.get(node.input[0], node.input[0])
            rectifiers = _rectifiers(node, source, constants) if _may_be_negative(node.input[0], makers) else []
            kept += rectifiers
            integers[node.output[0]] = rectifiers[-1].output[0] if rectifiers else source
        elif node.op_type == "DequantizeLinear" and node.input[0] in constants:
            graph.initializer.append(_dequantized(node, constants))
        elif node.op_type == "DequantizeLinear" and node.input[0] in integers:
            renamed[node.output[0]] = integers[node.input[0]]
        elif node.op_type == "DequantizeLinear":
            raise ModelError(f"{node.name or node.output[0]}: DequantizeLinear of what no QuantizeLinear made")
        elif any(name in integers for name in node.input):
            raise ModelError(f"{node.name or node.output[0]}: {node.op_type} computes with integers")
        else:
            node.input[:] = [renamed.get(name, name) for name in node.input]
            kept.append(node)
    _rename_outputs(found, renamed, kept)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(kept)
    _drop_unused(found)


def _may_be_negative(name: str, makers: dict[str, str]) -> bool:
    """Whether a tensor is computed by an operator whose results rounding may have to rectify."""
    return name in makers and makers[name] not in _UNSIGNED


def _rectifiers(node: NodeProto, source: str, constants: dict[str, TensorProto]) -> list[NodeProto]:
    """The ReLU whose work a QuantizeLinear does: its least integer stands for 0. Empty where it does none's.

    ReLU6 where the greatest integer stands for 6. Other ends say how far the values went that it was calibrated with.
    """
    import numpy as np
    from onnx.helper import make_node
    from onnx.numpy_helper import from_array, to_array

    lacking = any(name not in constants for name in node.input[1:])
    offset = to_array(constants[node.input[2]]) if len(node.input) > 2 and not lacking else np.zeros((), np.uint8)
    if lacking or offset.dtype.kind not in "iu" or (offset != np.iinfo(offset.dtype).min).any():
        return []
    range_of = np.iinfo(offset.dtype)
    step = to_array(constants[node.input[1]]).astype(np.float64)
    name = f"{node.output[0]}_rectified"
    if (np.abs(step * (float(range_of.max) - float(range_of.min)) - 6) > step / 2).any():
        return [make_node("Relu", [source], [name], name)]
    ends = [f"{name}_{end}" for end in (0, 6)]
    values = [from_array(np.asarray(end, np.float32)) for end in (0, 6)]
    limits = [make_node("Constant", [], [end], end, value=value) for end, value in zip(ends, values, strict=True)]
    return [*limits, make_node("Clip", [source, *ends], [name], name)]


def _dequantized(node: NodeProto, constants: dict[str, TensorProto]) -> TensorProto:
    """What a DequantizeLinear makes of a constant, by ONNX' own reference."""
    import numpy as np
    import onnx
    from onnx.reference import ReferenceEvaluator

    lacking = [name for name in node.input if name and name not in constants]
    if lacking:
        raise ModelError(f"{node.name or node.output[0]}: its scale {lacking[0]!r} is no constant")
    values = {name: onnx.numpy_helper.to_array(constants[name]) for name in node.input if name}
    (real,) = ReferenceEvaluator(node).run(None, values)
    return onnx.numpy_helper.from_array(np.asarray(real), node.output[0])


def _rename_outputs(model: ModelProto, renamed: dict[str, str], nodes: list[NodeProto]) -> None:
    """Outputs keep their names: an Identity joins them to what they are now."""
    import onnx

    for one in model.graph.output:
        if one.name in renamed:
            nodes.append(onnx.helper.make_node("Identity", [renamed[one.name]], [one.name], f"{one.name}_is"))


def _drop_unused(model: ModelProto) -> None:
    graph = model.graph
    used = {name for node in graph.node for name in node.input} | {one.name for one in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
