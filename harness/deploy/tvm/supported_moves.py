"""Which operators that only move values this backend can compile, of either type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod

from harness.model.tflite_graph import GraphOperator, GraphTensor

Tensors = Sequence[GraphTensor | None]


def _unpacked(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    yield from _divided(inputs[0], outputs, _number(operator, "axis"), keeps_axis=False)


def _packed(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    yield from _divided(outputs[0], inputs, _number(operator, "axis"), keeps_axis=False)


def _number(operator: GraphOperator, option: str) -> int:
    value = operator.options[option]
    assert isinstance(value, int)
    return value


def _divided(whole: GraphTensor | None, parts: Tensors, axis: int, keeps_axis: bool) -> Iterator[str]:
    """One tensor, and the equal parts of one of its axes, which have that axis or not."""
    shape = () if whole is None else whole.shape
    if not -len(shape) <= axis < len(shape):
        yield f"axis {axis} of {len(shape)}"
        return
    before, extent, after = shape[: axis % len(shape)], shape[axis], shape[axis % len(shape) + 1 :]
    size, rest = divmod(extent, len(parts))
    wanted = (*before, size, *after) if keeps_axis else (*before, *after)
    if rest or not (keeps_axis or size == 1) or {part and part.shape for part in parts} != {wanted}:
        yield "the parts must be equal, and together the whole"
    if len({tensor and tensor.dtype for tensor in (whole, *parts)}) != 1:
        yield "inputs and outputs must have one type"


def _split(_operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    axis, x = inputs[0], inputs[1] if len(inputs) > 1 else None
    if axis is None or axis.data is None or axis.data.size != 1 or x is None:
        yield "the axis must be a constant"
    else:
        yield from _divided(x, outputs, int(axis.data.ravel()[0]), keeps_axis=True)


def _sliced(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    x, *limits = inputs
    given = [limit.data.ravel() for limit in limits if limit is not None and limit.data is not None]
    if len(limits) != 3 or len(given) != 3:
        yield "begin, end and strides must be constants"
    elif x is None or any(limit.size != len(x.shape) for limit in given) or (given[2] != 1).any():
        yield "begin and end must be given for every dimension, all strides be 1"
    elif _number(operator, "ellipsis_mask") or _number(operator, "new_axis_mask"):
        yield "ellipsis and new axes are not supported"
    else:
        parts = list(zip(slices(operator, inputs), x.shape, strict=True))
        if any(size < 1 or begin + size > extent for (begin, size), extent in parts):
            yield "begin and end must lie within the input"
        elif prod(size for (_, size), _ in parts) != prod(outputs[0].shape):
            yield "the output must be what begin and end cut out"
        elif sum(size != extent for (_, size), extent in parts) > 1:
            yield "no more than one dimension may be cut"


def slices(operator: GraphOperator, inputs: Tensors) -> list[tuple[int, int]]:
    """Where the part that STRIDED_SLICE keeps of each dimension begins, and how long it is.

    Negative limits count from the end, what is outside is cut off (TFLite's strided_slice_logic.h).
    """
    x, begin, end = inputs[:3]
    assert x is not None
    assert begin is not None
    assert begin.data is not None
    assert end is not None
    assert end.data is not None
    masks = [_number(operator, f"{name}_mask") for name in ("begin", "end", "shrink_axis")]
    parts = []
    for axis, extent in enumerate(x.shape):
        from_start, to_end, single = (bool(mask >> axis & 1) for mask in masks)
        first = slice(None if from_start else int(begin.data[axis]), None).indices(extent)[0]
        last = slice(None, None if to_end else int(end.data[axis])).indices(extent)[1]
        parts.append((first, 1 if single else last - first))
    return parts


def _gathered(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    table, indices = inputs[0], inputs[1] if len(inputs) > 1 else None
    if table is None or table.data is None or table.dtype != outputs[0].dtype:
        yield "the table must be a constant of the output's type"
    elif _number(operator, "axis") or _number(operator, "batch_dims"):
        yield "only rows can be gathered"
    elif indices is None or indices.dtype != "int32":
        yield "indices must be int32"
    elif outputs[0].shape != (*indices.shape, *table.shape[1:]):
        yield "the output must hold a row for each index"


def _transposed(_operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    (x, *rest), y = inputs, outputs[0]
    if not rest or rest[0] is None or rest[0].data is None:
        yield "the permutation must be a constant"
    if x is not None and (x.dtype, *x.scales, *x.zero_points) != (y.dtype, *y.scales, *y.zero_points):
        yield "input and output must have one type, scale and zero point"


MOVES: Mapping[str, Callable[[GraphOperator, Tensors, Sequence[GraphTensor]], Iterator[str]]] = {
    "GATHER": _gathered,
    "PACK": _packed,
    "SPLIT": _split,
    "STRIDED_SLICE": _sliced,
    "TRANSPOSE": _transposed,
    "UNPACK": _unpacked,
}
"""Complaints about each."""
