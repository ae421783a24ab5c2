"""What this backend can call CMSIS-NN for, checked before anything is fetched: all complaints at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from harness.deploy.cmsis_nn.c_function import KINDS
from harness.deploy.curves import CURVES
from harness.deploy.operator_view import OperatorView
from harness.deploy.program import ALIASES
from harness.deploy.tensor_complaints import tensor_complaints
from harness.model.tflite_graph import Graph, GraphTensor

_CLAMPS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
_LARGEST = 2**15 - 1
"""Convolutions count channels, rows and columns in 16 bits, some with a sign."""

_ALONG_DIMENSIONS = ("CONCATENATION", "PAD", "SOFTMAX", "TRANSPOSE")


def operators(dtype: str) -> tuple[str, ...]:
    """All that there are for activations of this type, by name."""
    return tuple(sorted(op for op, check in _CHECKS.items() if dtype == "int8" or check is not _looked_up))


def unsupported(graph: Graph) -> list[str]:
    """What can't be called, a line each, with the layer's name; empty where every operator can."""
    complaints = [
        f"layer {operator.name} ({operator.op}): {complaint}"
        for operator in graph.operators
        for complaint in _complaints(OperatorView(graph, operator))
    ]
    return complaints + tensor_complaints(graph, (*KINDS, "float32"))


def _complaints(view: OperatorView) -> Iterator[str]:
    operator = view.operator
    if operator.op not in _CHECKS:
        yield "the operator is not supported"
        return
    if view.input(0) is None or len(operator.outputs) != 1:
        yield "must have one output and a first input"
        return
    given = [view.given(n) for n, index in enumerate(operator.inputs) if index is not None]
    if any(0 in tensor.shape for tensor in (view.output, *given)):
        yield "has a tensor without elements"
        return
    if operator.op in _ALONG_DIMENSIONS and not view.given(0).shape:
        yield "its input has no dimensions"
        return
    if operator.op not in ("QUANTIZE", "DEQUANTIZE"):
        activations = [tensor for tensor in (view.output, *given) if tensor.data is None]
        yield from _type_complaints(activations, view.output.dtype)
        if view.output.dtype not in KINDS or len(view.output.scales) != 1:
            return  # what follows relies on it
    activation = operator.options.get("fused_activation_function", "NONE")
    if activation not in _CLAMPS:
        yield f"the fused activation {activation} is not supported"
    yield from _CHECKS[operator.op](view)


def _type_complaints(tensors: Iterable[GraphTensor], dtype: str) -> Iterator[str]:
    for tensor in tensors:
        if tensor.dtype not in KINDS:
            yield f"{tensor.name} is {tensor.dtype}, not int8 or int16"
        elif tensor.dtype != dtype:
            yield f"{tensor.name} is {tensor.dtype}, the output {dtype}"
        else:
            yield from _scale_complaints(tensor)


def _scale_complaints(tensor: GraphTensor) -> Iterator[str]:
    if len(tensor.scales) != 1:
        yield f"{tensor.name} has no scale of its own"
    elif tensor.dtype == "int16" and tensor.zero_points.any():
        yield f"{tensor.name} is int16 with a zero point, which CMSIS-NN's kernels ignore"


def _nothing(_view: OperatorView) -> Iterator[str]:
    yield from ()


def _weighted(view: OperatorView) -> Iterator[str]:
    x, weights, bias = view.given(0), view.input(1), view.input(2)
    allowed = ("int8", "int4") if view.output.dtype == "int8" else ("int8",)
    if weights is None or weights.data is None or weights.dtype not in allowed:
        yield f"weights must be {' or '.join(allowed)} constants"
        return
    axis = 3 if view.operator.op == "DEPTHWISE_CONV_2D" else 0
    if len(weights.scales) not in (1, weights.shape[axis]) or weights.zero_points.any():
        yield "weights must have one scale, or one a channel, and no zero point"
    elif len(weights.scales) > 1 and weights.quantized_dimension != axis:
        yield f"weights must have their scales along dimension {axis}, not {weights.quantized_dimension}"
    wanted = KINDS[view.output.dtype].bias.removesuffix("_t")
    if bias is not None and (bias.data is None or bias.dtype != wanted):
        yield f"the bias must be an {wanted} constant"
    if view.operator.op == "CONV_2D" and weights.shape[3] != x.shape[3]:
        yield "grouped convolutions are not supported"
    if view.operator.op == "FULLY_CONNECTED":
        if (form := view.operator.options.get("weights_format", "DEFAULT")) != "DEFAULT":
            yield f"weights of the format {form} are not supported"
    elif max(*x.shape, *weights.shape, *view.output.shape) > _LARGEST:
        yield f"a dimension is larger than the {_LARGEST:,} that CMSIS-NN counts to"


def _one_quantization(view: OperatorView) -> Iterator[str]:
    if None in view.operator.inputs:
        yield "lacks an input"
        return
    if view.operator.options.get("fused_activation_function", "NONE") != "NONE":
        yield "a fused activation is not supported"
    tensors = (view.output, *(view.given(n) for n in range(len(view.operator.inputs))))
    if len({(float(t.scales[0]), int(t.zero_points[0])) for t in tensors if len(t.scales) == 1}) != 1:
        yield "inputs and output must have one scale and zero point"


def _pooled(view: OperatorView) -> Iterator[str]:
    x, y = view.given(0), view.output
    if len(x.scales) == 1 and (x.scales[0], x.zero_points[0]) != (y.scales[0], y.zero_points[0]):
        yield "input and output must have one scale and zero point"


def _probabilities(view: OperatorView) -> Iterator[str]:
    y = view.output
    scale, zero_point = (1 / 256, -128) if y.dtype == "int8" else (1 / 32768, 0)
    if (float(y.scales[0]), int(y.zero_points[0])) != (scale, zero_point):
        yield f"the output's scale must be 1/{round(1 / scale)}, its zero point {zero_point}"
    if y.dtype == "int16" and y.shape[-1] == 1:
        yield "the one value of a row, 1.0, overflows in CMSIS-NN's int16 kernel"


def _looked_up(view: OperatorView) -> Iterator[str]:
    y = view.output
    if y.dtype != "int8":
        yield f"{y.dtype} is not supported"
    elif view.operator.op in CURVES:
        _, scale, zero_point = CURVES[view.operator.op]
        if (float(y.scales[0]), int(y.zero_points[0])) != (scale, zero_point):
            yield f"the output's scale must be 1/{round(1 / scale)}, its zero point {zero_point}"


def _numbers(view: OperatorView) -> list[int] | None:
    """The second input, where it is a constant."""
    argument = view.input(1)
    return None if argument is None or argument.data is None else [int(one) for one in argument.data.ravel()]


def _padded(view: OperatorView) -> Iterator[str]:
    if _numbers(view) is None:
        yield "the paddings must be constants"
    yield from _pooled(view)


def _transposed(view: OperatorView) -> Iterator[str]:
    if _numbers(view) is None:
        yield "the permutation must be a constant"
    yield from _pooled(view)


def _averaged(view: OperatorView) -> Iterator[str]:
    numbers, rank = _numbers(view), len(view.given(0).shape)
    axes = sorted({axis % rank for axis in numbers}) if numbers and rank else []
    if not axes or axes != list(range(axes[0], axes[-1] + 1)):
        yield "the axes must be constants, and neighbours"


def _two_tensors(view: OperatorView) -> Iterator[str]:
    for place in (0, 1):
        tensor = view.input(place)
        if tensor is None or tensor.dtype != view.output.dtype or len(tensor.scales) != 1:
            yield f"both inputs must be {view.output.dtype} with one scale"
            return
    if (
        view.operator.op == "ADD"
        and view.output.dtype == "int16"
        and view.operator.options.get("pot_scale_int16", True)
    ):
        yield "scales that are powers of two (pot_scale_int16) are not supported"


def _converted(view: OperatorView) -> Iterator[str]:
    source, target = view.given(0), view.output
    allowed = {"QUANTIZE": (("float32", *KINDS), tuple(KINDS)), "DEQUANTIZE": (tuple(KINDS), ("float32",))}
    sources, targets = allowed[view.operator.op]
    if source.dtype not in sources or target.dtype not in targets:
        yield f"{source.dtype} to {target.dtype} is not supported"
    for tensor in (source, target):
        if tensor.dtype in KINDS:
            yield from _scale_complaints(tensor)


_CHECKS: Mapping[str, Callable[[OperatorView], Iterator[str]]] = {
    "ADD": _two_tensors,
    "AVERAGE_POOL_2D": _pooled,
    "CONCATENATION": _one_quantization,
    "CONV_2D": _weighted,
    "DEPTHWISE_CONV_2D": _weighted,
    "DEQUANTIZE": _converted,
    "FULLY_CONNECTED": _weighted,
    "LEAKY_RELU": _looked_up,
    "LOGISTIC": _looked_up,
    "MAX_POOL_2D": _pooled,
    "MEAN": _averaged,
    "MUL": _two_tensors,
    "PAD": _padded,
    "QUANTIZE": _converted,
    "RELU": _nothing,
    "RELU6": _nothing,
    "RELU_N1_TO_1": _nothing,
    "SOFTMAX": _probabilities,
    "TANH": _looked_up,
    "TRANSPOSE": _transposed,
    **dict.fromkeys(ALIASES, _nothing),
}
