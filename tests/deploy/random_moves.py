"""Layers of random graphs that only move values: what unrolled networks are taken apart and put together with."""

from __future__ import annotations

from dataclasses import dataclass

from tests.deploy.random_layers import Builder, Value


@dataclass(frozen=True)
class Restack:
    """UNPACK along an axis, PACK of all parts, the last one first, along another."""

    axis: int
    new_axis: int

    def add(self, builder: Builder, x: Value) -> Value:
        count = x.shape[self.axis]
        part = tuple(size for axis, size in enumerate(x.shape) if axis != self.axis)
        parts = [builder.value(part, x.scale, x.zero_point).index for _ in range(count)]
        tiny = builder.tiny
        tiny.operator_of_many("UNPACK", [x.index], parts, "UnpackOptions", num=count, axis=self.axis - 4)
        y = builder.value((*part[: self.new_axis], count, *part[self.new_axis :]), x.scale, x.zero_point)
        options = {"valuesCount": count, "axis": self.new_axis}
        tiny.operator("PACK", parts[::-1], y.index, "PackOptions", version=2, **options)
        return y


@dataclass(frozen=True)
class Swap:
    """SPLIT along an axis, CONCATENATION of the parts, the last one first."""

    axis: int

    def add(self, builder: Builder, x: Value) -> Value:
        count = next(number for number in (3, 2, x.shape[self.axis]) if x.shape[self.axis] % number == 0)
        part = tuple(size // count if axis == self.axis else size for axis, size in enumerate(x.shape))
        parts = [builder.value(part, x.scale, x.zero_point).index for _ in range(count)]
        inputs = [builder.numbers(self.axis), x.index]
        builder.tiny.operator_of_many("SPLIT", inputs, parts, "SplitOptions", version=2, numSplits=count)
        y = builder.value(x.shape, x.scale, x.zero_point)
        builder.tiny.operator("CONCATENATION", parts[::-1], y.index, "ConcatenationOptions", axis=self.axis, version=2)
        return y


@dataclass(frozen=True)
class Slice:
    """STRIDED_SLICE along an axis; negative limits count from the end, one that is 0 is masked."""

    axis: int
    before: int
    after: int

    def add(self, builder: Builder, x: Value) -> Value:
        extent = x.shape[self.axis]
        before = min(self.before, extent - 1)
        after = min(self.after, extent - 1 - before)
        begins = [before if axis == self.axis else 0 for axis in range(4)]
        ends = [-after if axis == self.axis else 0 for axis in range(4)]
        shape = tuple(size - before - after if axis == self.axis else size for axis, size in enumerate(x.shape))
        y = builder.value(shape, x.scale, x.zero_point)
        inputs = [x.index, *(builder.numbers(limits) for limits in (begins, ends, [1] * 4))]
        masks = {"beginMask": 0, "endMask": sum((not end) << axis for axis, end in enumerate(ends))}
        builder.tiny.operator("STRIDED_SLICE", inputs, y.index, "StridedSliceOptions", version=2, **masks)
        return y
