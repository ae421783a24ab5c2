"""Quantized sums and products of two tensors, and additions behind a convolution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from harness.deploy.quantize_math import Multiplier, Rounding, quantize_multiplier
from harness.deploy.tvm.int8_weighted import lower_conv
from harness.deploy.tvm.kernels.elementwise import AddAlike, Binary, Operand
from harness.deploy.tvm.kernels.packed_conv import PackedConv
from harness.deploy.tvm.kernels.packed_pointwise import PackedPointwise
from harness.deploy.tvm.kernels.requantize import Requantization
from harness.deploy.tvm.micro.add_values import AddValues, Term
from harness.deploy.tvm.operator_view import OperatorView, finish_of, scale_of, zero_point_of
from harness.deploy.tvm.program import Activation, Call
from harness.model.tflite_graph import GraphTensor


def lower_binary(source: OperatorView) -> Call:
    """ADD, SUB or MUL."""
    left, right, y = source.given(0), source.given(1), source.output
    places = source.argument(0), source.argument(1), Activation(y.index)
    values = _add_values(source)
    if values is not None:
        return Call(AddAlike(prod(y.shape), values), places)
    scales = _Scales.of(source)
    operands = _operand(left, y, scales.left), _operand(right, y, scales.right)
    return Call(Binary(source.operator.op, y.shape or (1,), *operands, scales.total, source.clamp()), places)


@dataclass(frozen=True)
class _Scales:
    """The multipliers of TFLite's ADD, SUB and MUL; products need no scale of each factor."""

    left: Multiplier
    right: Multiplier
    total: Multiplier

    @classmethod
    def of(cls, source: OperatorView) -> _Scales:
        tensors = source.given(0), source.given(1), source.output
        if source.operator.op == "MUL":
            # TFLite multiplies and divides these in single precision.
            first, second, third = (tensor.scales[0] for tensor in tensors)
            return cls(Multiplier(0, 0), Multiplier(0, 0), quantize_multiplier(float(first * second / third)))
        left, right, output = (scale_of(tensor) for tensor in tensors)
        twice_larger = 2 * max(left, right)
        first, second = (quantize_multiplier(scale / twice_larger) for scale in (left, right))
        return cls(first, second, quantize_multiplier(twice_larger / ((1 << 20) * output)))


def _add_values(source: OperatorView) -> AddValues | None:
    """The micro-kernel of an ADD, if one fits."""
    left, right, scales = source.given(0), source.given(1), _Scales.of(source)
    # Of as many values as the output, none is broadcast: its shape may still lack leading ones, as that of a bias.
    sizes = {prod(tensor.shape) for tensor in (left, right, source.output)}
    alike = source.operator.op == "ADD" and len(sizes) == 1
    if not source.uses_dsp or not alike or scales.total.right < 1:
        return None
    finish = finish_of(Requantization(source.clamp(), Rounding.TWICE, short=True))
    terms = Term(zero_point_of(left), scales.left), Term(zero_point_of(right), scales.right)
    return AddValues(*terms, scales.total, finish)


def _operand(tensor: GraphTensor, output: GraphTensor, multiplier: Multiplier) -> Operand:
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    strides, stride = [], 1
    for extent in reversed(shape):
        strides.append(0 if extent == 1 else stride)
        stride *= extent
    return Operand(prod(shape), tuple(reversed(strides)) or (0,), zero_point_of(tensor), multiplier)


def lower_residual(conv: OperatorView, addition: OperatorView) -> Call | None:
    """Both as one call, if kernels for that fit."""
    made = conv.output
    first = addition.operator.inputs[0] == made.index
    values = _add_values(addition)
    call = lower_conv(conv)
    if values is None or not isinstance(call.kernel, PackedConv | PackedPointwise):
        return None
    if not first:
        values = replace(values, left=values.right, right=values.left)
    *arguments, _ = call.arguments
    places = addition.argument(1 if first else 0), Activation(addition.output.index)
    return Call(replace(call.kernel, residual=values), (*arguments, *places))
