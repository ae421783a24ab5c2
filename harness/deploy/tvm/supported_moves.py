"""Which operators that only move values this backend can compile, of either type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod

from harness.model.tflite_graph import GraphOperator, GraphTensor

Tensors = Sequence[GraphTensor | None]


def _unpacked(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    yield from _equal_parts(inputs[:1], outputs, outputs)
    yield from _axis_within(int(str(operator.options["axis"])), inputs[0])


def _packed(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    yield from _equal_parts(outputs, inputs, inputs)
    yield from _axis_within(int(str(operator.options["axis"])), outputs[0])


def _equal_parts(whole: Tensors, parts: Tensors, same: Tensors) -> Iterator[str]:
    """One tensor, and what it is divided into."""
    if len({None if tensor is None else tensor.shape for tensor in same}) != 1:
        yield "the parts must be of one size"
    elif sum(_elements(tensor) for tensor in parts) != _elements(whole[0]):
        yield "the parts must add up to the whole"
    if len({None if tensor is None else tensor.dtype for tensor in (*whole, *parts)}) != 1:
        yield "inputs and outputs must have one type"


def _elements(tensor: GraphTensor | None) -> int:
    return 0 if tensor is None else prod(tensor.shape)


def _axis_within(axis: int, tensor: GraphTensor | None) -> Iterator[str]:
    rank = 0 if tensor is None else len(tensor.shape)
    if not -rank <= axis < rank:
        yield f"axis {axis} of {rank}"


def _split(_operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    axis, x = inputs[0], inputs[1] if len(inputs) > 1 else None
    if axis is None or axis.data is None or axis.data.size != 1 or x is None:
        yield "the axis must be a constant"
        return
    yield from _equal_parts([x], outputs, outputs)
    yield from _axis_within(int(axis.data.ravel()[0]), x)


def _sliced(operator: GraphOperator, inputs: Tensors, outputs: Sequence[GraphTensor]) -> Iterator[str]:
    x, *limits = inputs
    given = [limit.data.ravel() for limit in limits if limit is not None and limit.data is not None]
    if len(limits) != 3 or len(given) != 3:
        yield "begin, end and strides must be constants"
    elif x is None or any(limit.size != len(x.shape) for limit in given) or (given[2] != 1).any():
        yield "begin and end must be given for every dimension, all strides be 1"
    elif operator.options.get("ellipsis_mask") or operator.options.get("new_axis_mask"):
        yield "ellipsis and new axes are not supported"
    elif prod(size for _, size in slices(operator, inputs)) != prod(outputs[0].shape):
        yield "the output must be what begin and end cut out"
    elif sum(size != whole for (_, size), whole in zip(slices(operator, inputs), x.shape, strict=True)) > 1:
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
    masks = [int(str(operator.options.get(f"{name}_mask", 0))) for name in ("begin", "end", "shrink_axis")]
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
    elif operator.options.get("axis", 0) != 0 or operator.options.get("batch_dims", 0) != 0:
        yield "only rows can be gathered"
    if indices is None or indices.dtype != "int32":
        yield "indices must be int32"


MOVES: Mapping[str, Callable[[GraphOperator, Tensors, Sequence[GraphTensor]], Iterator[str]]] = {
    "GATHER": _gathered,
    "PACK": _packed,
    "SPLIT": _split,
    "STRIDED_SLICE": _sliced,
    "UNPACK": _unpacked,
}
"""Complaints about each."""
