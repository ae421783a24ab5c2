"""How far from TFLite's reference kernels a runtime's dense layers take a model's outputs.

Where a runtime scales the sums of FULLY_CONNECTED otherwise than TFLite does, equal inputs give outputs that are a step
apart at most. What such a step makes of the model's output is bounded here, where what follows lets it be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf, tanh

from harness.deploy.backend import Tolerance
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

_PASSING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "DEQUANTIZE")
_SHARES = {"SOFTMAX": 2.0, "LOGISTIC": 4.0}
_SHARE_STEPS = {"int8": 256, "int16": 32768}
"""In one: TFLite fixes the output's scale of both operators."""
_MOST_STEPS = {"int8": 32.0, "int16": 8192.0}
"""A bound beyond this eighth of the range would let mistakes pass: then no more than the usual step is tolerated."""
_USUAL_STEPS = {"int8": 1.0, "int16": 256.0}
"""In both the step of int8 on the same range: of 65,536 steps, a few more or less mean nothing to anybody."""


@dataclass(frozen=True)
class DenseDeviation:
    """What a runtime does with the sums of dense layers.

    Attributes:
        cause: in a clause.
        steps: by how many steps scaled sums differ at most before the difference is rounded down to whole ones, for
            each type of activations where it does so.
    """

    cause: str
    steps: Mapping[str, float]

    @property
    def unbounded(self) -> str:
        """The reason for no more than the usual step."""
        return f"{self.cause}: what that makes of these outputs has no bound worth stating"


TWO_ROUNDINGS = 0.5 + 0.75 + 2**-15
"""Rounding the high half of the product and then the shift, where TFLite (measured: ai-edge-litert 2.3) rounds once:
one rounding is half a step off, two are a half and, behind a shift by at least one bit, a quarter more. That the scales
are multiplied in single precision adds less than 255 / 2**23."""
SHORT_MULTIPLIER = 2 - 2**-15
"""16 bits of the multiplier where TFLite takes 32: less than a step of the range of int16, and a step by rounding."""


def tolerance_of(graph: Graph, deviation: DenseDeviation) -> Tolerance | None:
    """The bound for a graph's only output; None where that is off by no more than the step that is tolerated anyway.

    Where no bound is worth stating, it is that step: dense layers on top of each other multiply what the first is off
    by the weights of all that follow.
    """
    if len(graph.outputs) != 1:
        return None
    off: dict[int, float] = {}
    for operator in graph.operators:
        given = graph.given(operator)
        before = max((off.get(each.index, 0.0) for each in given), default=0.0)
        off |= dict.fromkeys(operator.outputs, _steps_off(graph, operator, given, before, deviation))
    bound = off.get(graph.outputs[0], 0.0)
    if bound <= 1:
        return None
    dtype, step = _step_of_output(graph)
    if bound > _MOST_STEPS.get(dtype, 0.0):
        return Tolerance(step * _USUAL_STEPS.get(dtype, 1.0), deviation.unbounded)
    return Tolerance(bound * step, deviation.cause)


def usual_tolerance(graph: Graph, reason: str) -> Tolerance | None:
    """A step of int8 on the range of a graph's only output, where that is finer than int8."""
    if len(graph.outputs) != 1:
        return None
    dtype, step = _step_of_output(graph)
    steps = _USUAL_STEPS.get(dtype, 1.0)
    return Tolerance(step * steps, reason) if steps > 1 else None


def _steps_off(
    graph: Graph, operator: GraphOperator, given: Sequence[GraphTensor], off: float, deviation: DenseDeviation
) -> float:
    """By how many steps an operator's outputs differ at most, where what it is given differs by so many."""
    own = deviation.steps.get(given[0].dtype) if operator.op == "FULLY_CONNECTED" else None
    if own is not None and given[1].dtype in ("int8", "int4"):
        moved = own + (_gain(given[0], given[1], graph.tensors[operator.outputs[0]]) * off if off else 0.0)
        return float(floor(moved)) if moved < inf else inf
    if off == 0 or operator.op in _PASSING:
        return off
    x = given[0]
    if operator.op in _SHARES and x.dtype in _SHARE_STEPS and len(x.scales) == 1:
        # Moving all logits by d moves odds by exp(2 d), those of LOGISTIC by exp(d); both results are rounded.
        beta = operator.options.get("beta", 1.0)
        moved = off * float(x.scales[0]) * float(beta if isinstance(beta, int | float) else 1.0)
        return _SHARE_STEPS[x.dtype] * tanh(moved / _SHARES[operator.op]) + 1
    return inf


def _gain(x: GraphTensor, weights: GraphTensor, y: GraphTensor) -> float:
    """By how many of its steps an output of a dense layer moves at most when all inputs move by one of theirs."""
    if weights.data is None or not all(len(each.scales) for each in (x, weights, y)):
        return inf
    scales = x.scales.astype("float64") * weights.scales / y.scales
    return float((scales * abs(weights.data.astype("float64")).sum(axis=1)).max())


def _step_of_output(graph: Graph) -> tuple[str, float]:
    """Type and step of the integers at the end: 1 in stored values, behind a last DEQUANTIZE their scale, else 0."""
    output = graph.tensors[graph.outputs[0]]
    if output.dtype != "float32":
        return output.dtype, 1.0
    last = next(operator for operator in graph.operators if graph.outputs[0] in operator.outputs)
    source = graph.given(last)[0]
    is_scaled = last.op == "DEQUANTIZE" and len(source.scales) == 1
    return source.dtype, float(source.scales[0]) if is_scaled else 0.0
