"""How far TensorFlow Lite Micro's arithmetic takes a model's outputs from those of TFLite's reference kernels.

Both multiply the accumulator of an int8 FULLY_CONNECTED by the ratio of scales, but TFLite (measured: ai-edge-litert
2.3) rounds the product once, and TFLM, as CMSIS-NN, rounds its high half and then the shift: see
`quantize_math.Rounding`. Of equal inputs, outputs are a step apart at most: one rounding is half a step off, two are a
half and, behind a shift by at least one bit, a quarter more. That TFLM multiplies the scales in single precision adds
less than 255 / 2**23. What such a step makes of the model's output is bounded here, where what follows lets it be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, tanh

import numpy as np

from harness.deploy.backend import Tolerance
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

MOST_STEPS = 32.0
"""A bound beyond this eighth of int8's range would let mistakes pass: then no more than the usual step is tolerated."""

REASON = "TensorFlow Lite Micro rounds FULLY_CONNECTED twice, TFLite once"
UNBOUNDED = f"{REASON}: what that makes of these outputs has no bound worth stating"
_TWO_ROUNDINGS = 0.5 + 0.75 + 2**-15
_PASSING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "DEQUANTIZE")
_SHARES = {"SOFTMAX": 2.0, "LOGISTIC": 4.0}
_SHARE_STEPS = 256
"""In one, of int8: TFLite fixes the output's scale of both operators."""


def tolerance_of(graph: Graph) -> Tolerance | None:
    """The bound for a graph's only output; None where that is off by no more than the step that is tolerated anyway.

    Where no bound is worth stating, it is that step: dense layers on top of each other multiply what the first is off
    by the weights of all that follow.
    """
    if len(graph.outputs) != 1:
        return None
    off: dict[int, float] = {}
    for operator in graph.operators:
        given = list(_given(graph, operator))
        steps = _steps_off(graph, operator, given, max((off.get(each.index, 0.0) for each in given), default=0.0))
        off |= dict.fromkeys(operator.outputs, steps)
    bound = off.get(graph.outputs[0], 0.0)
    if bound <= 1:
        return None
    step = _step_of_output(graph)
    return Tolerance(step, UNBOUNDED) if bound > MOST_STEPS else Tolerance(bound * step, REASON)


def _given(graph: Graph, operator: GraphOperator) -> Iterator[GraphTensor]:
    return (graph.tensors[index] for index in operator.inputs if index is not None)


def _steps_off(graph: Graph, operator: GraphOperator, given: Sequence[GraphTensor], off: float) -> float:
    """By how many steps an operator's outputs differ at most, where what it is given differs by so many."""
    if operator.op == "FULLY_CONNECTED" and given[0].dtype == given[1].dtype == "int8":
        gain = _gain(given[0], given[1], graph.tensors[operator.outputs[0]]) if off else 0.0
        return float(np.floor(gain * off + _TWO_ROUNDINGS))
    if off == 0 or operator.op in _PASSING:
        return off
    x = given[0]
    if operator.op in _SHARES and x.dtype == "int8" and len(x.scales) == 1:
        # Moving all logits by d moves odds by exp(2 d), those of LOGISTIC by exp(d); both results are rounded.
        beta = operator.options.get("beta", 1.0)
        moved = off * float(x.scales[0]) * float(beta if isinstance(beta, int | float) else 1.0)
        return _SHARE_STEPS * tanh(moved / _SHARES[operator.op]) + 1
    return inf


def _gain(x: GraphTensor, weights: GraphTensor, y: GraphTensor) -> float:
    """By how many of its steps an output of a dense layer moves at most when all inputs move by one of theirs."""
    if weights.data is None or not all(len(each.scales) for each in (x, weights, y)):
        return inf
    scales = x.scales.astype(np.float64) * weights.scales / y.scales
    return float((scales * np.abs(weights.data.astype(np.float64)).sum(axis=1)).max())


def _step_of_output(graph: Graph) -> float:
    """In stored values: 1 for integers, for float32 the scale of the integers that a last DEQUANTIZE reads, else 0."""
    if graph.tensors[graph.outputs[0]].dtype != "float32":
        return 1.0
    last = next(operator for operator in graph.operators if graph.outputs[0] in operator.outputs)
    scales = next(_given(graph, last)).scales
    return float(scales[0]) if last.op == "DEQUANTIZE" and len(scales) == 1 else 0.0
