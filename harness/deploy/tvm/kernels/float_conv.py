"""float32 convolutions: tiles of four pixels by four channels, held in the floating point unit's registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, Tensors, call
from harness.deploy.tvm.micro.float_dots import CHANNELS, PIXELS, Clamp, FloatDots, steps_of
from harness.deploy.tvm.micro.micro_kernel import MicroKernel
from harness.deploy.tvm.micro.moves import CopyWords, FillWords
from harness.deploy.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENOUGH_PIXELS = 128
"""Outputs over which the copying of weights is spread."""
_LEAST_WORKSPACE = 8192


@dataclass(frozen=True)
class FloatConv(Kernel):
    """CONV_2D whose kernel is not dilated along rows, for cores with a floating point unit.

    A block of output rows at a time: their inputs are laid out with their padding, if there is any; then for each four
    channels, weights are copied beside them, out of the flash's wait states, and all of the block's outputs computed.
    """

    kind: ClassVar[str] = "conv"
    window: Window
    out_channels: int
    clamp: Clamp
    fused: bool
    residual: bool = False

    @property
    def _padded(self) -> bool:
        window = self.window
        last = (window.out_height - 1) * window.stride_height + (window.kernel_height - 1) * window.dilation_height
        return bool(window.pad_top or window.pad_left) or last >= window.height or window.columns > window.width

    @property
    def block_rows(self) -> int:
        """Output rows computed at once."""
        window = self.window
        if not self._padded:
            return window.out_height
        elements = window.height * window.width * window.channels
        budget = max(_LEAST_WORKSPACE, elements + window.out_height * window.out_width * self.out_channels) // 2
        rows = 1
        while rows < window.out_height and rows * window.out_width < _ENOUGH_PIXELS:
            if self._image_rows(rows + 1) * self._pitch > budget:
                break
            rows += 1
        return -(-window.out_height // -(-window.out_height // rows))

    @property
    def _pitch(self) -> int:
        """Elements from one row of the inputs to the next."""
        return (self.window.columns if self._padded else self.window.width) * self.window.channels

    def _image_rows(self, block_rows: int) -> int:
        window = self.window
        return (block_rows - 1) * window.stride_height + (window.kernel_height - 1) * window.dilation_height + 1

    def _dots(self, channels: int) -> FloatDots:
        window = self.window
        chunks, steps = steps_of(window.kernel_width * window.channels)
        stride = 4 * window.stride_width * window.channels
        return FloatDots(
            channels=channels,
            tiled=window.out_width >= PIXELS,
            single=window.out_width % PIXELS > 0,
            stride=stride,
            runs=window.kernel_height,
            chunks=chunks,
            steps=steps,
            jump=4 * (window.dilation_height * self._pitch - chunks * steps),
            row_jump=4 * window.stride_height * self._pitch - window.out_width * stride,
            out_channels=self.out_channels,
            clamp=self.clamp,
            fused=self.fused,
            residual=self.residual,
        )

    def _groups(self) -> list[tuple[int, int]]:
        """How many groups there are of how many channels."""
        whole, rest = divmod(self.out_channels, CHANNELS)
        return [(count, channels) for count, channels in ((whole, CHANNELS), (1, rest)) if count and channels]

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        shapes = [self._dots(channels) for _, channels in self._groups()]
        return (*shapes, CopyWords(), *([FillWords()] if self._padded else []))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        window = self.window
        outputs = window.out_height * window.out_width * self.out_channels
        taps = window.taps * window.channels
        rows = Parameter("rows", "float32", self._image_rows(self.block_rows) * self._pitch, workspace=True)
        return (
            Parameter("x", "float32", window.height * window.width * window.channels),
            Parameter("weights", "float32", self.out_channels * taps),
            Parameter("bias", "float32", self.out_channels),
            *([Parameter("summand", "float32", outputs)] if self.residual else []),
            Parameter("y", "float32", outputs),
            *([rows] if self._padded else []),
            Parameter("taps", "float32", min(CHANNELS, self.out_channels) * taps, workspace=True),
        )

    @property
    def in_place(self) -> tuple[int, ...]:
        return (3,) if self.residual else ()

    def pack(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """(out_channels, kernel_height, kernel_width, channels) weights in the order in which the loop reads them."""
        taps = weights.reshape(self.out_channels, -1)
        whole = self.out_channels // CHANNELS * CHANNELS
        groups = [taps[first : first + CHANNELS].T.ravel() for first in range(0, whole, CHANNELS)]
        return np.concatenate([*groups, taps[whole:].T.ravel()]).astype(np.float32)

    def body(self, *buffers: Buffer) -> None:
        tensors = Tensors.of(self, buffers)
        window, block_rows = self.window, self.block_rows
        with T.serial(-(-window.out_height // block_rows)) as block:
            first = block * (block_rows * window.stride_height) - window.pad_top
            if self._padded:
                self._lay_out(tensors["rows"], tensors["x"], first)
            count = T.min(T.int32(block_rows), T.int32(window.out_height) - block * block_rows)
            done = 0
            for groups, channels in self._groups():
                with T.serial(groups) as group:
                    self._outputs(tensors, done + group * channels, channels, block * block_rows, count)
                done += groups * channels

    def _lay_out(self, rows: Buffer, x: Buffer, first: Expr) -> None:
        """Bring in the rows from row `first` of the image on, with zeros around it."""
        window = self.window
        used = window.used_width * window.channels
        call(FillWords(), T.address_of(rows[0]), T.int32(0), T.int32(self._image_rows(self.block_rows) * self._pitch))
        with T.serial(self._image_rows(self.block_rows)) as row:
            source = first + row
            with T.If(T.And(source >= 0, source < window.height)), T.Then():
                origin = source * (window.width * window.channels)
                place = row * self._pitch + window.pad_left * window.channels
                call(CopyWords(), T.address_of(rows[place]), T.address_of(x[origin]), T.int32(used))

    def _outputs(self, tensors: Tensors, channel: Expr, channels: int, first: Expr, count: Expr) -> None:
        """`count` rows of outputs from row `first` on, in a group of channels."""
        window, dots = self.window, self._dots(channels)
        taps, y = tensors["taps"], tensors["y"]
        weights = tensors["weights"][channel * (window.taps * window.channels)]
        call(CopyWords(), T.address_of(taps[0]), T.address_of(weights), T.int32(dots.words))
        inputs, top = (tensors["rows"], T.int32(0)) if self._padded else (tensors["x"], first * window.stride_height)
        place = first * (window.out_width * self.out_channels) + channel
        call(
            dots,
            T.address_of(inputs[top * self._pitch]),
            T.address_of(taps[0]),
            T.address_of(tensors["bias"][channel]),
            T.address_of(y[place]),
            T.int32(window.out_width // PIXELS),
            T.int32(window.out_width % PIXELS),
            count,
            T.address_of((tensors["summand"] if self.residual else y)[place]),
        )
