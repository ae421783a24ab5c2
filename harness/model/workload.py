"""What an operator costs: multiply-accumulates and parameters, from the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from harness.model.tflite_graph import GraphTensor

Operands = Sequence[GraphTensor | None]


def macs(op: str, inputs: Operands, outputs: Operands) -> int:
    """Multiply-accumulates of one inference; 0 for operators without any, and for those that are not known.

    A MAC is one product that is added to a sum: bias, activation and requantization count nothing, as in the MLPerf
    Tiny figures (12,501,632 for ResNet-8). Pooling and element-wise operators count nothing either.
    """
    return _MACS[op](inputs, outputs) if op in _MACS else 0


def parameters(op: str, inputs: Operands) -> int:
    """Weights and biases among the inputs; shapes, axes and paddings, which are integers too, are none."""
    constants = [tensor for tensor in inputs if tensor is not None and tensor.data is not None]
    return sum(prod(tensor.shape) for tensor in constants if op in _MACS or tensor.dtype not in ("int32", "int64"))


def _shape(operands: Operands, index: int) -> tuple[int, ...]:
    tensor = operands[index] if index < len(operands) else None
    return tensor.shape if tensor is not None else (0,)


def _convolution(inputs: Operands, outputs: Operands) -> int:
    """Filters are (out channels, height, width, in channels of the group)."""
    return prod(_shape(outputs, 0)) * prod(_shape(inputs, 1)[1:])


def _depthwise(inputs: Operands, outputs: Operands) -> int:
    """Filters are (1, height, width, out channels)."""
    return prod(_shape(outputs, 0)) * prod(_shape(inputs, 1)[1:3])


def _transposed(inputs: Operands, outputs: Operands) -> int:  # noqa: ARG001
    """Inputs are the output's shape, filters (out channels, height, width, in channels) and the data."""
    return prod(_shape(inputs, 2)) * prod(_shape(inputs, 1)[:3])


def _convolution_3d(inputs: Operands, outputs: Operands) -> int:
    """Filters are (depth, height, width, in channels, out channels)."""
    return prod(_shape(outputs, 0)) * prod(_shape(inputs, 1)[:4])


def _matrix(inputs: Operands, outputs: Operands) -> int:
    """Weights are (out features, in features), or the inner dimension is the last of the left operand."""
    return prod(_shape(outputs, 0)) * _shape(inputs, 0)[-1] if _shape(inputs, 0) else 0


def _dense(inputs: Operands, outputs: Operands) -> int:
    return prod(_shape(outputs, 0)) * prod(_shape(inputs, 1)[1:])


def _recurrent(inputs: Operands, outputs: Operands) -> int:
    """Every weight matrix is used once a time step; (batch, time, features) or (time, batch, features) in."""
    steps = prod(_shape(inputs, 0)[:-1])
    return steps * _weights(inputs) if outputs else 0


def _weights(inputs: Operands) -> int:
    """Elements of all constant matrices."""
    constants = (tensor for tensor in inputs[1:] if tensor is not None and tensor.data is not None)
    return sum(prod(tensor.shape) for tensor in constants if len(tensor.shape) == 2)


_MACS: Mapping[str, Callable[[Operands, Operands], int]] = {
    "CONV_2D": _convolution,
    "CONV_3D": _convolution_3d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _matrix,
    "SVDF": _recurrent,
    "RNN": _recurrent,
    "LSTM": _recurrent,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _recurrent,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
    "BIDIRECTIONAL_SEQUENCE_RNN": _recurrent,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
}
