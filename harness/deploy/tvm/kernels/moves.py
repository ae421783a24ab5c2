"""Kernels that move values, of any type, in words or bytes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, call, store
from harness.deploy.tvm.micro.micro_kernel import MicroKernel
from harness.deploy.tvm.micro.moves import CopyWords


@dataclass(frozen=True)
class Copy(Kernel):
    """`columns` values of each row; where rows begin in the tensors is up to the arguments' offsets.

    Attributes:
        dtype: int32 or int8: what is moved at once.
        from_stride, to_stride: values from one row to the next.
        by_instructions: with the micro-kernel that moves words.
    """

    kind: ClassVar[str] = "copy"
    dtype: str
    rows: int
    columns: int
    from_stride: int
    to_stride: int
    by_instructions: bool

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        return (CopyWords(),) if self.by_instructions else ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        strides = self.from_stride, self.to_stride
        sizes = ((self.rows - 1) * stride + self.columns for stride in strides)
        return tuple(Parameter(name, self.dtype, size) for name, size in zip(("x", "y"), sizes, strict=True))

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        with T.serial(self.rows) as row:
            source, target = row * self.from_stride, row * self.to_stride
            if self.by_instructions:
                call(CopyWords(), T.address_of(y[target]), T.address_of(x[source]), T.int32(self.columns))
            else:
                with T.serial(self.columns) as k:
                    store(y, target + k, x[source + k])


@dataclass(frozen=True)
class Gather(Kernel):
    """GATHER of rows of a table. TFLite fails where an index is out of range; here the nearest row is taken."""

    kind: ClassVar[str] = "gather"
    dtype: str
    rows: int
    columns: int
    indices: int

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("table", self.dtype, self.rows * self.columns),
            Parameter("indices", "int32", self.indices),
            Parameter("y", self.dtype, self.indices * self.columns),
        )

    def body(self, *buffers: Buffer) -> None:
        table, indices, y = buffers
        with T.serial(self.indices) as n, T.serial(self.columns) as k:
            row = T.max(T.min(indices[n], T.int32(self.rows - 1)), T.int32(0))
            store(y, n * self.columns + k, table[row * self.columns + k])


@dataclass(frozen=True)
class Transpose(Kernel):
    """TRANSPOSE: the values of the output in their order, each from its place in the input.

    Attributes:
        dtype: int32 or int8: what is moved at once.
        extents: of the output.
        strides: values of the input from one to the next along each of these.
    """

    kind: ClassVar[str] = "transpose"
    dtype: str
    extents: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(Parameter(name, self.dtype, prod(self.extents)) for name in ("x", "y"))

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        with ExitStack() as loops:
            source = target = T.int32(0)
            for extent, stride in zip(self.extents, self.strides, strict=True):
                number = loops.enter_context(T.serial(extent))
                source, target = source + number * stride, target * extent + number
            store(y, target, x[source])
