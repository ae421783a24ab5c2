"""int8 convolutions with weights packed two channels to a halfword, for cores with the DSP extension."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.image_rows import ImageRows
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, Tensors
from harness.deploy.tvm.kernels.packing import pack_channels
from harness.deploy.tvm.kernels.paired_channels import channel_groups, compute_channels
from harness.deploy.tvm.kernels.residual import add_residual, residual_parameters, residual_workspace
from harness.deploy.tvm.micro.add_values import AddValues
from harness.deploy.tvm.micro.dots import Dots, steps_of, tile_of
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.tvm.micro.micro_kernel import MicroKernel
from harness.deploy.tvm.micro.moves import CopyWords, FillWords, WidenWords
from harness.deploy.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENOUGH_PIXELS = 128
"""Outputs over which the copying of weights is spread."""
_LEAST_WORKSPACE = 8192


@dataclass(frozen=True)
class PackedConv(Kernel):
    """CONV_2D whose kernel is not dilated along rows.

    A block of output rows at a time: their inputs are widened into a workspace; then for each pair of channels, the
    weights are copied beside them, out of the flash's wait states, and all of the block's outputs computed. Where a
    `residual` is added, the block's outputs are made beside, and their sums written.
    """

    kind: ClassVar[str] = "conv"
    window: Window
    out_channels: int
    pad_value: int
    finish: Finish
    residual: AddValues | None = None

    @property
    def block_rows(self) -> int:
        """Output rows computed at once."""
        window = self.window
        output_bytes = window.out_height * window.out_width * self.out_channels
        budget = max(_LEAST_WORKSPACE, (window.height * window.width * window.channels + output_bytes) // 4)
        rows = 1
        while rows < window.out_height and rows * window.out_width < _ENOUGH_PIXELS:
            if 2 * self._rows(rows + 1).elements > budget:
                break
            rows += 1
        return -(-window.out_height // -(-window.out_height // rows))

    def _rows(self, block_rows: int) -> ImageRows:
        window = self.window
        count = (block_rows - 1) * window.stride_height + (window.kernel_height - 1) * window.dilation_height + 1
        # The last words of taps read on, and the channels of an unaligned run.
        plain = ImageRows(window, self.pad_value, count, 0)
        chunks, steps = steps_of(self._run_elements(plain))
        spare = 2 * chunks * steps - self._run_elements(plain)
        return ImageRows(window, self.pad_value, count, spare)

    def _run_elements(self, rows: ImageRows) -> int:
        """Consecutive inputs of one output: those under a row of the kernel."""
        return rows.channels * self.window.kernel_width

    @property
    def _dots(self) -> Dots:
        """For two channels."""
        window, rows = self.window, self._rows(self.block_rows)
        chunks, steps = steps_of(self._run_elements(rows))
        stride = 2 * window.stride_width * rows.channels
        pixels = tile_of(stride, self.out_channels, window.out_width, window.kernel_height * chunks * steps)
        return Dots(
            paired=True,
            pixels=pixels,
            tiled=window.out_width >= pixels,
            single=window.out_width % pixels > 0,
            stride=stride,
            runs=window.kernel_height,
            chunks=chunks,
            steps=steps,
            jump=2 * window.dilation_height * rows.pitch - 4 * chunks * steps,
            row_jump=2 * window.stride_height * rows.pitch - window.out_width * stride,
            out_channels=self.out_channels,
            finish=self.finish,
        )

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        shapes = [shape for shape, _ in channel_groups(self._dots)]
        added = [] if self.residual is None else [self.residual]
        return (*shapes, CopyWords(), FillWords(), WidenWords(), *added)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        window, rows = self.window, self._rows(self.block_rows)
        words = self._dots.words
        outputs = window.out_height * window.out_width * self.out_channels
        return (
            Parameter("x", "int8", window.height * window.width * window.channels),
            Parameter("weights", "int32", -(-self.out_channels // 2) * words),
            Parameter("parameters", "int32", 3 * self.out_channels),
            *residual_parameters(self.residual, outputs),
            Parameter("y", "int8", outputs),
            Parameter("rows", "int16", rows.elements, workspace=True),
            Parameter("taps", "int32", words, workspace=True),
            *residual_workspace(self.residual, self.block_rows * self._row_outputs),
        )

    @property
    def _row_outputs(self) -> int:
        return self.window.out_width * self.out_channels

    @property
    def in_place(self) -> tuple[int, ...]:
        return () if self.residual is None else (3,)

    def pack(self, weights: NDArray[np.int8]) -> NDArray[np.int32]:
        """(out_channels, kernel_height, kernel_width, channels) weights in the order in which the loop reads them."""
        window, rows = self.window, self._rows(self.block_rows)
        padded = np.pad(weights, ((0, 0), (0, 0), (0, 0), (0, rows.channels - window.channels)))
        runs = padded.reshape(self.out_channels * window.kernel_height, -1)
        if rows.permuted:
            runs = runs.reshape(len(runs), -1, 4)[..., [0, 2, 1, 3]].reshape(runs.shape)
        taps = np.pad(runs, ((0, 0), (0, 2 * prod(steps_of(runs.shape[1])) - runs.shape[1])))
        return pack_channels(taps.reshape(self.out_channels, -1))

    def body(self, *buffers: Buffer) -> None:
        tensors = Tensors.of(self, buffers)
        x, rows = tensors["x"], tensors["rows"]
        window, block_rows, dots = self.window, self.block_rows, self._dots
        image = self._rows(block_rows)
        image.fill(rows)
        with T.serial(-(-window.out_height // block_rows)) as block:
            first = block * (block_rows * window.stride_height) - window.pad_top
            with T.serial(image.count) as row:
                image.widen(rows, x, row, first + row)
            count = T.min(T.int32(block_rows), T.int32(window.out_height) - block * block_rows)
            begin = block * (block_rows * self._row_outputs)
            counts = T.int32(window.out_width // dots.pixels), T.int32(window.out_width % dots.pixels), count
            compute_channels(dots, tensors, rows, counts, begin, self.residual)
            add_residual(self.residual, tensors, begin, count * self._row_outputs)
