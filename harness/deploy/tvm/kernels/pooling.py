"""int8 pooling and means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.quantize_math import Multiplier
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, registers, store
from harness.deploy.tvm.kernels.requantize import Clamp, multiply
from harness.deploy.window import Window


@dataclass(frozen=True)
class Pool(Kernel):
    """AVERAGE_POOL_2D and MAX_POOL_2D over the part of the window that lies in the image; the zero point stays."""

    kind: ClassVar[str] = "pool"
    window: Window
    average: bool
    clamp: Clamp

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        window = self.window
        return (
            Parameter("x", "int8", window.height * window.width * window.channels),
            Parameter("y", "int8", window.out_height * window.out_width * window.channels),
        )

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        window = self.window
        with (
            T.serial(window.out_height) as i,
            T.serial(window.out_width) as j,
            T.serial(window.channels) as c,
        ):
            top, bottom = _clipped(i, window.stride_height, window.pad_top, window.kernel_height, window.height)
            left, right = _clipped(j, window.stride_width, window.pad_left, window.kernel_width, window.width)
            result = registers(1)
            store(result, 0, T.int32(0 if self.average else -128))
            with T.serial(bottom - top) as row, T.serial(right - left) as column:
                pixel = (top + row) * window.width + left + column
                value = x[pixel * window.channels + c].astype("int32")
                store(result, 0, result[0] + value if self.average else T.max(result[0], value))
            pooled = _rounded_quotient(result[0], (bottom - top) * (right - left)) if self.average else result[0]
            store(y, (i * window.out_width + j) * window.channels + c, self.clamp.apply(pooled))


@dataclass(frozen=True)
class Mean(Kernel):
    """MEAN over the middle one of three dimensions: (outer, reduced, inner) to (outer, inner).

    `scale` is the ratio of the scales, divided by `reduced`.
    """

    kind: ClassVar[str] = "mean"
    outer: int
    reduced: int
    inner: int
    in_zero_point: int
    scale: Multiplier
    output: Clamp

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("x", "int8", self.outer * self.reduced * self.inner),
            Parameter("y", "int8", self.outer * self.inner),
        )

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        with T.serial(self.outer) as o, T.serial(self.inner) as n:
            total = registers(1)
            store(total, 0, T.int32(-self.in_zero_point * self.reduced))
            with T.serial(self.reduced) as r:
                store(total, 0, total[0] + x[(o * self.reduced + r) * self.inner + n].astype("int32"))
            mean = multiply(total[0], self.scale) + T.int32(self.output.zero_point)
            store(y, o * self.inner + n, self.output.apply(mean))


def _clipped(position: Expr, stride: int, pad: int, kernel: int, extent: int) -> tuple[Expr, Expr]:
    """First and end of the window's part inside of the image."""
    start = position * stride - pad
    return T.max(start, T.int32(0)), T.min(start + kernel, T.int32(extent))


def _rounded_quotient(total: Expr, count: Expr) -> Expr:
    """total / count, ties away from zero."""
    half = T.truncdiv(count, 2)
    return T.truncdiv(total + T.Select(total > 0, half, T.int32(0) - half), count)
