"""Lowers the operators that only move values, of either type: a call for each part that lies in one stretch or rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from harness.deploy.tvm.kernels.moves import Copy, Gather, Transpose
from harness.deploy.tvm.operator_view import OperatorView
from harness.deploy.tvm.program import Activation, Call
from harness.deploy.tvm.supported_moves import slices
from harness.model.model import ITEM_BYTES

_WORD = 4


def lower_mover(source: OperatorView) -> list[Call]:
    """The calls of one of `MOVERS`."""
    return MOVERS[source.operator.op](source)


def _unpack(source: OperatorView) -> list[Call]:
    return _cut(source, 0, source.number("axis"))


def _split(source: OperatorView) -> list[Call]:
    return _cut(source, 1, int(source.constant(0).ravel()[0]))


def _cut(source: OperatorView, value: int, axis: int) -> list[Call]:
    """Equal parts of an axis, an output each."""
    x, outputs = source.given(value), source.operator.outputs
    axis %= len(x.shape)
    rows, stride = prod(x.shape[:axis]), prod(x.shape[axis:])
    size = stride // len(outputs)
    return [
        _copy(source, value, output, (rows, size), (stride, size), (number * size, 0))
        for number, output in enumerate(outputs)
    ]


def _pack(source: OperatorView) -> list[Call]:
    """A new axis, of the inputs."""
    y, count = source.output, len(source.operator.inputs)
    axis = source.number("axis") % len(y.shape)
    rows, size = prod(y.shape[:axis]), prod(y.shape[axis + 1 :])
    return [
        _copy(source, number, y.index, (rows, size), (size, count * size), (0, number * size))
        for number in range(count)
    ]


def _slice(source: OperatorView) -> list[Call]:
    """One stretch of an axis, of each row of the axes before it."""
    x = source.given(0)
    parts = slices(source.operator, [source.input(number) for number in range(4)])
    axis = next((n for n, (_, size) in enumerate(parts) if size != x.shape[n]), 0)
    inner = prod(x.shape[axis + 1 :])
    begin, size = (number * inner for number in parts[axis])
    shape, strides = (prod(x.shape[:axis]), size), (x.shape[axis] * inner, size)
    return [_copy(source, 0, source.output.index, shape, strides, (begin, 0))]


def _copy(
    source: OperatorView,
    value: int,
    output: int,
    shape: tuple[int, int],
    strides: tuple[int, int],
    begins: tuple[int, int],
) -> Call:
    """Rows and columns from an input to an output: strides and begins of both, in elements."""
    item = ITEM_BYTES[source.given(value).dtype]
    rows, columns = shape
    nbytes = [number * item for number in (columns, *strides, *begins)]
    width = 1 if any(number % _WORD for number in nbytes) else _WORD
    dtype = "int32" if width == _WORD else "int8"
    columns, from_stride, to_stride, *_ = (number // width for number in nbytes)
    if rows == 1:
        from_stride = to_stride = columns  # so that equal stretches share a function
    kernel = Copy(dtype, rows, columns, from_stride, to_stride, source.uses_dsp and width == _WORD)
    place = source.argument(value)
    if isinstance(place, Activation):
        place = Activation(place.tensor, nbytes[3])
    return Call(kernel, (place, Activation(output, nbytes[4])))


def _gather(source: OperatorView) -> list[Call]:
    table, indices = source.given(0), source.given(1)
    size = prod(table.shape[1:]) * ITEM_BYTES[table.dtype]
    dtype, width = ("int8", 1) if size % _WORD else ("int32", _WORD)
    kernel = Gather(dtype, table.shape[0], size // width, prod(indices.shape))
    return [Call(kernel, (source.argument(0), source.argument(1), Activation(source.output.index)))]


def _transpose(source: OperatorView) -> list[Call]:
    """Axes that stay neighbours are one; words are moved where they stay whole."""
    x = source.given(0)
    axes = [int(axis) for axis in source.constant(1).ravel()]
    runs: list[tuple[int, int]] = []
    for extent, stride in ((x.shape[axis], prod(x.shape[axis + 1 :])) for axis in axes):
        if runs and runs[-1][1] == extent * stride:
            runs[-1] = (runs[-1][0] * extent, stride)
        elif extent > 1:
            runs.append((extent, stride))
    extents, strides = zip(*runs, strict=True) if runs else ((1,), (1,))
    dtype = "int32" if ITEM_BYTES[x.dtype] == _WORD else "int8"
    if dtype == "int8" and strides[-1] == 1 and not any(n % _WORD for n in (extents[-1], *strides[:-1])):
        dtype, extents = "int32", (*extents[:-1], extents[-1] // _WORD)
        strides = (*(stride // _WORD for stride in strides[:-1]), 1)
    kernel = Transpose(dtype, extents, strides)
    return [Call(kernel, (source.argument(0), Activation(source.output.index)))]


MOVERS: Mapping[str, Callable[[OperatorView], list[Call]]] = {
    "GATHER": _gather,
    "PACK": _pack,
    "SPLIT": _split,
    "STRIDED_SLICE": _slice,
    "TRANSPOSE": _transpose,
    "UNPACK": _unpack,
}
