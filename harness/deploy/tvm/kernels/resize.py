"""Resizing of images, int8 and float32: everything that depends on positions alone is in tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, store

_FRACTION = 10
"""Bits of a position's fraction in TFLite's integer kernel."""


@dataclass(frozen=True)
class ResizeNearest(Kernel):
    """RESIZE_NEAREST_NEIGHBOR; `rows` and `columns` hold the input's row and column for each of the output's."""

    kind: ClassVar[str] = "resize_nearest"
    shape: tuple[int, int, int]
    out_size: tuple[int, int]
    dtype: str

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        (height, width, channels), (rows, columns) = self.shape, self.out_size
        return (
            Parameter("x", self.dtype, height * width * channels),
            Parameter("rows", "int32", rows),
            Parameter("columns", "int32", columns),
            Parameter("y", self.dtype, rows * columns * channels),
        )

    def body(self, *buffers: Buffer) -> None:
        x, rows, columns, y = buffers
        _, width, channels = self.shape
        with T.serial(self.out_size[0]) as i, T.serial(self.out_size[1]) as j, T.serial(channels) as c:
            source = (rows[i] * width + columns[j]) * channels + c
            store(y, (i * self.out_size[1] + j) * channels + c, x[source])


@dataclass(frozen=True)
class ResizeBilinear(Kernel):
    """RESIZE_BILINEAR; the tables hold three values for each output row or column.

    Those are the nearer and the farther input row, and the weight of the farther: in 1/1024 for int8, where TFLite
    computes in integers; as the bits of a float else.
    """

    kind: ClassVar[str] = "resize_bilinear"
    shape: tuple[int, int, int]
    out_size: tuple[int, int]
    dtype: str

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        (height, width, channels), (rows, columns) = self.shape, self.out_size
        return (
            Parameter("x", self.dtype, height * width * channels),
            Parameter("rows", "int32", 3 * rows),
            Parameter("columns", "int32", 3 * columns),
            Parameter("y", self.dtype, rows * columns * channels),
        )

    def body(self, *buffers: Buffer) -> None:
        x, rows, columns, y = buffers
        _, width, channels = self.shape
        with T.serial(self.out_size[0]) as i, T.serial(self.out_size[1]) as j, T.serial(channels) as c:
            corners = [
                x[(rows[3 * i + down] * width + columns[3 * j + right]) * channels + c]
                for down in (0, 1)
                for right in (0, 1)
            ]
            mixed = self._mixed(corners, rows[3 * i + 2], columns[3 * j + 2])
            store(y, (i * self.out_size[1] + j) * channels + c, mixed)

    def _mixed(self, corners: list[Expr], down: Expr, right: Expr) -> Expr:
        """From (above left, above right, below left, below right)."""
        one: Expr
        if self.dtype == "float32":
            down, right = T.reinterpret("float32", down), T.reinterpret("float32", right)
            one, values = T.float32(1), corners
        else:
            one, values = T.int32(1 << _FRACTION), [corner.astype("int32") for corner in corners]
        above = values[0] * (one - right) + values[1] * right
        below = values[2] * (one - right) + values[3] * right
        total = above * (one - down) + below * down
        if self.dtype == "float32":
            return total
        # To nearest, ties away from zero.
        half = 1 << (2 * _FRACTION - 1)
        rounded = total + T.Select(total > 0, T.int32(half), T.int32(-half))
        return T.truncdiv(rounded, T.int32(1 << (2 * _FRACTION))).astype("int8")
