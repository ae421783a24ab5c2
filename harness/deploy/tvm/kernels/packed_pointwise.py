"""int8 pointwise convolutions, packed as in `packed_conv`: pixels need no neighbours, so that rows don't matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.image_rows import widen_values
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, Tensors
from harness.deploy.tvm.kernels.packing import pack_channels
from harness.deploy.tvm.kernels.paired_channels import channel_groups, compute_channels
from harness.deploy.tvm.kernels.residual import add_residual, residual_parameters, residual_workspace
from harness.deploy.tvm.micro.add_values import AddValues
from harness.deploy.tvm.micro.dots import Dots, steps_of, tile_of
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.tvm.micro.micro_kernel import MicroKernel
from harness.deploy.tvm.micro.moves import CopyWords, WidenWords

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENOUGH_PIXELS = 64
"""Outputs over which the copying of weights is spread."""
_LEAST_WORKSPACE = 4096
"""Bytes that the block of widened pixels may take, whatever the size of the image."""


@dataclass(frozen=True)
class PackedPointwise(Kernel):
    """CONV_2D of a 1x1 kernel without strides, and FULLY_CONNECTED over several rows."""

    kind: ClassVar[str] = "pointwise"
    pixels: int
    channels: int
    out_channels: int
    finish: Finish
    residual: AddValues | None = None

    @property
    def _permuted(self) -> bool:
        return self.channels % 4 == 0

    @property
    def _pitch(self) -> int:
        """Elements from one pixel of the workspace to the next."""
        return self.channels + self.channels % 2

    @property
    def block(self) -> int:
        """Pixels at a time: some tiles."""
        budget = max(_LEAST_WORKSPACE, self.pixels * (self.channels + self.out_channels) // 4)
        tile = self._dots.pixels
        fitting = max(1, min(budget // (2 * tile * self._pitch), _ENOUGH_PIXELS // tile))
        return min(tile * fitting, self.pixels)

    @property
    def _dots(self) -> Dots:
        """For two channels."""
        chunks, steps = steps_of(self._pitch)
        stride = 2 * self._pitch
        tile = tile_of(stride, self.out_channels, self.pixels, chunks * steps)
        return Dots(
            paired=True,
            pixels=tile,
            tiled=self.pixels >= tile,
            single=self.pixels % tile > 0,
            stride=stride,
            runs=1,
            chunks=chunks,
            steps=steps,
            jump=0,
            row_jump=0,
            out_channels=self.out_channels,
            finish=self.finish,
        )

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        shapes = [shape for shape, _ in channel_groups(self._dots)]
        added = [] if self.residual is None else [self.residual]
        return (*shapes, CopyWords(), *([WidenWords()] if self._permuted else []), *added)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        words = self._dots.words
        # The last words of taps read on, and meet zero weights.
        widened = self.block * self._pitch + 2 * words - self._pitch
        return (
            Parameter("x", "int8", self.pixels * self.channels),
            Parameter("weights", "int32", -(-self.out_channels // 2) * words),
            Parameter("parameters", "int32", 3 * self.out_channels),
            *residual_parameters(self.residual, self.pixels * self.out_channels),
            Parameter("y", "int8", self.pixels * self.out_channels),
            Parameter("widened", "int16", widened, workspace=True),
            Parameter("taps", "int32", words, workspace=True),
            *residual_workspace(self.residual, self.block * self.out_channels),
        )

    @property
    def in_place(self) -> tuple[int, ...]:
        return () if self.residual is None else (3,)

    def pack(self, weights: NDArray[np.int8]) -> NDArray[np.int32]:
        """(out_channels, channels) weights in the order in which the loop reads them."""
        taps = np.zeros((self.out_channels, 2 * self._dots.words), np.int8)
        taps[:, : self.channels] = weights
        if self._permuted:
            permuted = weights.reshape(self.out_channels, -1, 4)[..., [0, 2, 1, 3]]
            taps[:, : self.channels] = permuted.reshape(self.out_channels, -1)
        return pack_channels(taps)

    def body(self, *buffers: Buffer) -> None:
        tensors, dots = Tensors.of(self, buffers), self._dots
        with T.serial(-(-self.pixels // self.block)) as block:
            first = block * self.block
            count = T.min(T.int32(self.block), T.int32(self.pixels) - first)
            self._widen(tensors["widened"], tensors["x"], first, count)
            begin = first * self.out_channels
            counts = T.floordiv(count, dots.pixels), T.floormod(count, dots.pixels), T.int32(1)
            compute_channels(dots, tensors, tensors["widened"], counts, begin, self.residual)
            add_residual(self.residual, tensors, begin, count * self.out_channels)

    def _widen(self, widened: Buffer, x: Buffer, first: Expr, count: Expr) -> None:
        """Bring in `count` pixels."""
        if self._pitch == self.channels:
            origin, values = first * self.channels, count * self.channels
            widen_values(widened, x, origin, T.int32(0), values, self._permuted)
            return
        with T.serial(count) as pixel:
            origin, start = (first + pixel) * self.channels, pixel * self._pitch
            widen_values(widened, x, origin, start, T.int32(self.channels), False)
