"""TFLite's rounding in emx-onnx-cgen's convolutions.

ONNX scales an int32 sum to int8 in float32 and rounds once. TFLite multiplies in fixed point and rounds twice, so that
about one value in 2**(shift + 1) differs by a step; a network amplifies it (by 12 steps at the end of ResNet-8, on
noise). So the lines that scale are replaced by a call of TFLite's arithmetic: the integers before them are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from harness.deploy.quantize_math import Multiplier, quantize_multiplier
from harness.errors import BuildError
from harness.model.tflite_graph import Graph, GraphOperator

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")

_FUNCTION = re.compile(r"^EMX_NODE_FN void node\d+_layer_(\d+)_kernel_\d+\(.*?^}$", re.MULTILINE | re.DOTALL)
_SCALING = re.compile(
    r"float scaled = \(\(float\)acc\) \* scale;\n"
    r" +float rounded = ref_scalar_f\d\d_nearbyint\(scaled\) \+ \(float\)\(output_zero_point\[0\]\);\n"
    r" +rounded = ref_scalar_f32_maximum\(rounded, \(float\)INT8_MIN\);\n"
    r" +rounded = ref_scalar_f32_minimum\(rounded, \(float\)INT8_MAX\);\n"
    r"(?P<indent> +)(?P<output>output\S+) = \(int8_t\)rounded;"
)

_HELPERS = """
typedef struct {
    int32_t multiplier, shift;
} requantization_t;

/* TFLite's MultiplyByQuantizedMultiplier: its reference convolutions round the high half and the shift ... */
static inline EMX_UNUSED int32_t rounded_twice(int32_t value, requantization_t by)
{
    const int32_t left = by.shift > 0 ? by.shift : 0, right = left - by.shift;
    const int64_t product = (int64_t)(int32_t)((uint32_t)value << left) * by.multiplier;
    const int32_t high = (int32_t)((product + (1 << 30)) >> 31);
    return right == 0 ? high : (high + (1 << (right - 1)) - (high < 0)) >> right;
}

/* ... and its FULLY_CONNECTED rounds the whole product, ties away from zero. */
static inline EMX_UNUSED int32_t rounded_once(int32_t value, requantization_t by)
{
    const int64_t product = (int64_t)value * by.multiplier;
    const int64_t scaled = (product + ((int64_t)1 << (30 - by.shift)) - (product < 0)) >> (31 - by.shift);
    return scaled < -4096 ? -4096 : scaled > 4096 ? 4096 : (int32_t)scaled;
}

/* Of int8; a sum's scaled value may be anything. */
static inline EMX_UNUSED int8_t saturated(int32_t value, int32_t zero_point)
{
    const int32_t stored = (value < -4096 ? -4096 : value > 4096 ? 4096 : value) + zero_point;
    return (int8_t)(stored < INT8_MIN ? INT8_MIN : stored > INT8_MAX ? INT8_MAX : stored);
}
"""


def with_exact_scaling(source: str, graph: Graph) -> str:
    """emx-onnx-cgen's C with TFLite's arithmetic in all quantized convolutions and dense layers.

    Raises:
        BuildError: a convolution is not written as expected.
    """
    operators = {op.index: op for op in graph.operators if op.op in (*_CONVOLUTIONS, "FULLY_CONNECTED")}
    replaced: set[int] = set()

    def scale(function: re.Match[str]) -> str:
        layer = int(function[1])
        if layer not in operators:
            return function[0]
        body, count = _SCALING.subn(_replacement(operators[layer]), function[0])
        replaced.update([layer] * count)
        return body

    text = _FUNCTION.sub(scale, source)
    if missing := sorted(operators.keys() - replaced):
        raise BuildError(f"emx-onnx-cgen wrote no quantized convolution for layer {operators[missing[0]].name}")
    first = text.index("\nextern ") if "\nextern " in text else text.index("\nconst ")
    return "".join([text[:first], _HELPERS, *_tables(graph, operators), text[first:]])


def _replacement(operator: GraphOperator) -> str:
    rounded = "rounded_twice" if operator.op in _CONVOLUTIONS else "rounded_once"
    scaled = f"{rounded}(acc, requantization_{operator.index}[oc_global])"
    return rf"(void)scale;\n\g<indent>\g<output> = saturated({scaled}, output_zero_point[0]);"


def _tables(graph: Graph, operators: Mapping[int, GraphOperator]) -> list[str]:
    return [
        f"static const requantization_t requantization_{index}[] = {{{_initializer(_multipliers(graph, operator))}}};\n"
        for index, operator in operators.items()
    ]


def _initializer(multipliers: Sequence[Multiplier]) -> str:
    return ", ".join(f"{{{each.quantized}, {each.shift}}}" for each in multipliers)


def _multipliers(graph: Graph, operator: GraphOperator) -> list[Multiplier]:
    """One a channel; see `OperatorView.accumulator_scales`."""
    x, weights = (graph.tensors[index].scales for index in operator.inputs[:2] if index is not None)
    output = graph.tensors[operator.outputs[0]]
    effective = x.astype(np.float64) * weights.astype(np.float64) / output.scales.astype(np.float64)
    return [quantize_multiplier(float(scale)) for scale in np.broadcast_to(effective, output.shape[-1])]
