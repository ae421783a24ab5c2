"""From operators of a quantized `.tflite` to calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from harness.deploy.cmsis_nn import pointwise, unweighted, weighted
from harness.deploy.cmsis_nn.c_function import CFunction
from harness.deploy.operator_view import OperatorView
from harness.deploy.program import Call, Program, assemble
from harness.model.tflite_graph import Graph, GraphOperator


def lower(graph: Graph, dsp: bool) -> Program[CFunction]:
    """The calls of a graph that is supported.

    Args:
        dsp: the kernels use the core's DSP extension; their workspaces depend on it.
    """

    def calls(operator: GraphOperator) -> list[Call[CFunction]]:
        return _LOWERINGS[operator.op](OperatorView(graph, operator), dsp)

    return assemble(graph, calls, _overwritten)


def _overwritten(operator: GraphOperator) -> Sequence[int]:
    """Kernels that read each value before they write it."""
    return [index for index in operator.inputs if index is not None] if operator.op in _IN_PLACE else ()


_LOWERINGS: Mapping[str, Callable[[OperatorView, bool], list[Call[CFunction]]]] = {
    "ADD": unweighted.add,
    "AVERAGE_POOL_2D": unweighted.pool,
    "CONCATENATION": unweighted.concatenate,
    "CONV_2D": weighted.convolution,
    "DEPTHWISE_CONV_2D": weighted.depthwise_convolution,
    "DEQUANTIZE": pointwise.dequantize,
    "FULLY_CONNECTED": weighted.dense,
    "LEAKY_RELU": pointwise.leaky,
    "LOGISTIC": pointwise.curve,
    "MAX_POOL_2D": unweighted.pool,
    "MEAN": unweighted.mean,
    "MUL": unweighted.multiply_elements,
    "PAD": unweighted.pad,
    "QUANTIZE": pointwise.quantize,
    "RELU": pointwise.clamp,
    "RELU6": pointwise.clamp,
    "RELU_N1_TO_1": pointwise.clamp,
    "SOFTMAX": unweighted.softmax,
    "TANH": pointwise.curve,
    "TRANSPOSE": unweighted.transpose,
}
_IN_PLACE = frozenset({"ADD", "LEAKY_RELU", "LOGISTIC", "MUL", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "TANH"})
