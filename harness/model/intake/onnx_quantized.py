"""The float network in a quantized ONNX model (QDQ form): weights as their integers mean them, activations unrounded.

TFLite's converter can't be told the ranges that the file has for its activations: int8 is calibrated anew from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.model.intake.onnx_graph import explained

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto


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
    quantize = {node.output[0]: node for node in graph.node if node.op_type == "QuantizeLinear"}
    renamed: dict[str, str] = {}
    kept = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            graph.initializer.append(_dequantized(node, constants))
        elif node.op_type == "DequantizeLinear" and node.input[0] in quantize:
            source = quantize[node.input[0]].input[0]
            renamed[node.output[0]] = renamed.get(source, source)
        elif node.op_type == "DequantizeLinear":
            raise ModelError(f"{node.name or node.output[0]}: DequantizeLinear of what no QuantizeLinear made")
        elif node.op_type != "QuantizeLinear":
            node.input[:] = [renamed.get(name, name) for name in node.input]
            kept.append(node)
    _rename_outputs(found, renamed, kept)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(kept)
    _drop_unused(found)


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
