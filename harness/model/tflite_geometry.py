"""Do the shapes around an operator agree? What the backends generate, and the interpreter runs, relies on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from harness.errors import ModelError
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor

Shape = tuple[int, ...]


@dataclass(frozen=True)
class _Operands:
    """An operator with its tensors at hand."""

    operator: GraphOperator
    inputs: Sequence[GraphTensor | None]
    outputs: Sequence[GraphTensor]

    def input(self, index: int, rank: int | None = None) -> Shape:
        """The shape of an input that must be there, of so many dimensions where given."""
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise ModelError(f"lacks input {index}")
        if rank is not None and len(tensor.shape) != rank:
            raise ModelError(f"input {index} has shape {tensor.shape}, needs {rank} dimensions")
        return tensor.shape

    def constant(self, index: int) -> list[int] | None:
        """The numbers of an input; None where they are computed."""
        self.input(index)
        tensor = self.inputs[index]
        assert tensor is not None
        return None if tensor.data is None else [int(one) for one in tensor.data.ravel()]

    def number(self, option: str) -> int:
        """An option that has to be 1 or more."""
        value = self.operator.options.get(option, 0)
        if not isinstance(value, int) or value < 1:
            raise ModelError(f"{option} is {value}, needs to be 1 or more")
        return value

    def require_output(self, shape: Shape) -> None:
        if self.outputs[0].shape != shape:
            raise ModelError(f"its output has shape {self.outputs[0].shape}, its inputs give {shape}")

    def require_bias(self, index: int, channels: int) -> None:
        bias = self.inputs[index] if index < len(self.inputs) else None
        if bias is not None and prod(bias.shape) != channels:
            raise ModelError(f"has {prod(bias.shape)} biases for {channels} channels")


def check_geometry(graph: Graph, operator: GraphOperator) -> None:
    """Check one operator against its tensors; operators that no backend here takes are let through.

    Raises:
        ModelError: shapes or options contradict each other; the text names the operator.
    """
    check = _CHECKS.get(operator.op)
    if check is None:
        return
    inputs = [None if one is None else graph.tensors[one] for one in operator.inputs]
    try:
        if not operator.outputs:
            raise ModelError("has no output")
        check(_Operands(operator, inputs, [graph.tensors[one] for one in operator.outputs]))
    except ModelError as error:
        raise ModelError(f"operator {operator.index} ({operator.op}): {error}") from error


def _window(operands: _Operands, size: int, axis: str, kernel: int, dilation: int = 1) -> int:
    """Output size along one axis, as TFLite computes it (`kernels/padding.h`)."""
    stride = operands.number(f"stride_{axis}")
    if operands.operator.options.get("padding") == "SAME":
        return -(-size // stride)
    return (size - (kernel - 1) * dilation - 1) // stride + 1


def _windows(operands: _Operands, height: int, width: int, kernel: Shape) -> Shape:
    dilation_h, dilation_w = operands.number("dilation_h_factor"), operands.number("dilation_w_factor")
    return (
        _window(operands, height, "h", kernel[0], dilation_h),
        _window(operands, width, "w", kernel[1], dilation_w),
    )


def _convolution(operands: _Operands) -> None:
    batch, height, width, channels = operands.input(0, rank=4)
    filters, *kernel, depth = operands.input(1, rank=4)
    if depth == 0 or channels % depth or filters % (channels // depth or 1):
        raise ModelError(f"filters of depth {depth} do not divide {channels} channels")
    operands.require_bias(2, filters)
    operands.require_output((batch, *_windows(operands, height, width, tuple(kernel)), filters))


def _depthwise(operands: _Operands) -> None:
    batch, height, width, channels = operands.input(0, rank=4)
    one, *kernel, filters = operands.input(1, rank=4)
    if one != 1 or channels == 0 or filters % channels:
        raise ModelError(f"filters {operands.input(1)} do not fit {channels} channels")
    if operands.operator.options.get("depth_multiplier", 0) not in (0, filters // channels):
        raise ModelError("depth_multiplier contradicts its filters")
    operands.require_bias(2, filters)
    operands.require_output((batch, *_windows(operands, height, width, tuple(kernel)), filters))


def _transposed(operands: _Operands) -> None:
    filters, *kernel, depth = operands.input(1, rank=4)
    batch, height, width, channels = operands.input(2, rank=4)
    out = operands.outputs[0].shape
    sizes = [_window(operands, size, axis, one) for size, axis, one in zip(out[1:3], "hw", kernel, strict=False)]
    if channels != depth or len(out) != 4 or sizes != [height, width]:
        raise ModelError(f"its input {operands.input(2)} does not give {out}")
    operands.require_bias(3, filters)
    operands.require_output((batch, *out[1:3], filters))


def _pool(operands: _Operands) -> None:
    batch, height, width, channels = operands.input(0, rank=4)
    rows = _window(operands, height, "h", operands.number("filter_height"))
    columns = _window(operands, width, "w", operands.number("filter_width"))
    operands.require_output((batch, rows, columns, channels))


def _dense(operands: _Operands) -> None:
    features, depth = operands.input(1, rank=2)
    elements = prod(operands.input(0))
    if depth == 0 or elements % depth:
        raise ModelError(f"weights of {depth} inputs do not fit {operands.input(0)}")
    operands.require_bias(2, features)
    if prod(operands.outputs[0].shape) != elements // depth * features:
        raise ModelError(f"its output has shape {operands.outputs[0].shape}, needs {features} features")


def _same_elements(operands: _Operands) -> None:
    if prod(operands.input(0)) != prod(operands.outputs[0].shape):
        raise ModelError(f"makes {operands.outputs[0].shape} from {operands.input(0)}")


def _same_shape(operands: _Operands) -> None:
    operands.require_output(operands.input(0))


def _broadcast(operands: _Operands) -> None:
    left, right = operands.input(0), operands.input(1)
    rank = max(len(left), len(right))
    pairs = list(zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True))
    if any(one != other and 1 not in (one, other) for one, other in pairs):
        raise ModelError(f"can't join {left} and {right}")
    operands.require_output(tuple(other if one == 1 else one for one, other in pairs))


def _concatenation(operands: _Operands) -> None:
    shapes = [operands.input(index) for index in range(len(operands.inputs))] or [operands.input(0)]
    axis = operands.operator.options.get("axis", 0)
    if not isinstance(axis, int) or not -len(shapes[0]) <= axis < len(shapes[0]):
        raise ModelError(f"axis {axis} of {shapes[0]}")
    if len({len(shape) for shape in shapes}) != 1:
        raise ModelError(f"joins {shapes}")
    axis %= len(shapes[0])
    for shape in shapes:
        if shape[:axis] != shapes[0][:axis] or shape[axis + 1 :] != shapes[0][axis + 1 :]:
            raise ModelError(f"can't join {shape} and {shapes[0]} along axis {axis}")
    operands.require_output((*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]))


def _pad(operands: _Operands) -> None:
    shape, paddings = operands.input(0), operands.constant(1)
    if operands.input(1) != (len(shape), 2):
        raise ModelError(f"paddings {operands.input(1)} do not fit {shape}")
    if paddings is None:
        return
    if min(paddings, default=0) < 0:
        raise ModelError("a padding is negative")
    padded = (size + paddings[2 * axis] + paddings[2 * axis + 1] for axis, size in enumerate(shape))
    operands.require_output(tuple(padded))


def _permutation(operands: _Operands) -> None:
    shape, order = operands.input(0), operands.constant(1)
    if order is None:
        return
    if sorted(order) != list(range(len(shape))):
        raise ModelError(f"{order} is no permutation of the dimensions of {shape}")
    operands.require_output(tuple(shape[axis] for axis in order))


def _reduction(operands: _Operands) -> None:
    shape, axes = operands.input(0), operands.constant(1)
    if axes is None:
        return
    if any(not -len(shape) <= axis < len(shape) for axis in axes):
        raise ModelError(f"axes {axes} of {shape}")
    gone = {axis % len(shape) for axis in axes}
    kept = [1 if axis in gone else size for axis, size in enumerate(shape)]
    if not operands.operator.options.get("keep_dims"):
        kept = [size for axis, size in enumerate(shape) if axis not in gone]
    operands.require_output(tuple(kept))


_CHECKS: Mapping[str, Callable[[_Operands], None]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "FULLY_CONNECTED": _dense,
    "CONCATENATION": _concatenation,
    "PAD": _pad,
    "TRANSPOSE": _permutation,
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), _pool),
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), _same_elements),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), _reduction),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "POW"), _broadcast),
    **dict.fromkeys(
        ("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "HARD_SWISH", "QUANTIZE", "DEQUANTIZE"), _same_shape
    ),
    **dict.fromkeys(("RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "ELU", "GELU", "EXP", "ABS", "NEG"), _same_shape),
}
