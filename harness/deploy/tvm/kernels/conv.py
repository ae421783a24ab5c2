"""int8 convolutions and dense layers: SMLAD over tiles of pixels by output channels, all held in registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels import dsp
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, registers, store
from harness.deploy.tvm.kernels.requantize import Requantization
from harness.deploy.tvm.kernels.rows import WidenedRows
from harness.deploy.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TILES = ((2, 2), (3, 2), (2, 3), (5, 1), (4, 1), (1, 4), (1, 5), (3, 1), (1, 3), (2, 1), (1, 2), (1, 1))
"""Tiles (pixels, channels) whose accumulators, operands and pointers fit a Cortex-M's registers."""
_MOST_ROW_ELEMENTS = 2048
"""Inputs in a row of a pointwise convolution, if it has more than one pixel."""


@dataclass(frozen=True)
class Conv(Kernel):
    """CONV_2D; a FULLY_CONNECTED is one of a 1x1 kernel on a 1 pixel wide image.

    The input's zero point is part of the bias, so that the loop is a plain dot product.
    """

    kind: ClassVar[str] = "conv"
    window: Window
    out_channels: int
    pad_value: int
    output: Requantization

    @property
    def tile(self) -> tuple[int, int]:
        """(pixels, channels) computed at once: the cheapest that divides the output."""
        fitting = [t for t in _TILES if self.window.out_width % t[0] == 0 and self.out_channels % t[1] == 0]
        return min(fitting, key=_instructions_per_mac)

    @property
    def _runs(self) -> int:
        """Stretches of consecutive taps in one row of the kernel."""
        return 1 if self.window.dilation_width == 1 else self.window.kernel_width

    @property
    def _run_words(self) -> int:
        """Groups of four taps in a run."""
        return -(-self.window.kernel_width // self._runs * self.window.channels // 4)

    @property
    def _rows(self) -> WidenedRows:
        return WidenedRows(self.window, self.pad_value)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        window = self.window
        words = self.out_channels * window.kernel_height * self._runs * self._run_words
        return (
            Parameter("x", "int8", window.height * window.width * window.channels),
            Parameter("weights", "int32", words),
            Parameter("parameters", "int32", 3 * self.out_channels),
            Parameter("y", "int8", window.out_height * window.out_width * self.out_channels),
            self._rows.parameter,
        )

    def pack(self, weights: NDArray[np.int8]) -> NDArray[np.int32]:
        """(out_channels, kernel_height, kernel_width, channels) weights in the order in which the loop reads them.

        Four taps a word, in byte order 0, 2, 1, 3, so that one SXTB16 each gives taps (0, 1) and (2, 3); the words of
        a tile's channels side by side.
        """
        per_run = self.window.kernel_width // self._runs * self.window.channels
        runs = weights.reshape(self.out_channels, self.window.kernel_height * self._runs, per_run)
        padded = np.pad(runs, ((0, 0), (0, 0), (0, self._run_words * 4 - per_run)))
        groups = padded.reshape(self.out_channels, -1, 4)[..., [0, 2, 1, 3]]
        words = np.ascontiguousarray(groups).view("<i4")[..., 0]
        tiles = words.reshape(-1, self.tile[1], words.shape[1]).transpose(0, 2, 1)
        return np.ascontiguousarray(tiles).ravel()

    def body(self, *buffers: Buffer) -> None:
        x, weights, parameters, y, rows = buffers
        pixels, channels = self.tile
        self._rows.fill(rows)
        with T.serial(self.window.out_height) as i:
            self._rows.widen(rows, x, i)
            with (
                T.serial(self.out_channels // channels) as channel_tile,
                T.serial(self.window.out_width // pixels) as pixel_tile,
            ):
                accumulators = registers(pixels * channels)
                for n in range(pixels * channels):
                    bias = parameters[(channel_tile * channels + n % channels) * 3]
                    store(accumulators, n, bias)
                self._accumulate(rows, weights, accumulators, channel_tile, pixel_tile)
                pixel = i * self.window.out_width + pixel_tile * pixels
                self._finish(accumulators, parameters, y, pixel, channel_tile * channels)

    def _accumulate(
        self, rows: Buffer, weights: Buffer, accumulators: Buffer, channel_tile: Expr, pixel_tile: Expr
    ) -> None:
        window, (pixels, channels) = self.window, self.tile
        step = window.stride_width * window.channels
        with T.serial(window.kernel_height) as r, T.serial(self._runs) as run, T.serial(self._run_words) as k:
            word = ((channel_tile * window.kernel_height + r) * self._runs + run) * self._run_words + k
            taps = [weights[word * channels + c] for c in range(channels)]
            for half, widened in enumerate((dsp.sxtb16, dsp.sxtb16_odd)):
                values = [
                    self._rows.load(
                        rows,
                        (self._rows.row_elements, r),
                        (pixels * step, pixel_tile),
                        (window.dilation_width * window.channels, run),
                        (4, k),
                        (p * step + 2 * half, 1),
                    )
                    for p in range(pixels)
                ]
                for n in range(pixels * channels):
                    product = dsp.smlad(values[n // channels], widened(taps[n % channels]), accumulators[n])
                    store(accumulators, n, product)

    def _finish(self, accumulators: Buffer, parameters: Buffer, y: Buffer, pixel: Expr, channel: Expr) -> None:
        pixels, channels = self.tile
        for c in range(channels):
            multiplier, shift = (parameters[(channel + c) * 3 + n] for n in (1, 2))
            for p in range(pixels):
                value = self.output.apply(accumulators[p * channels + c], multiplier, shift)
                store(y, (pixel + p) * self.out_channels + channel + c, value)


def _instructions_per_mac(tile: tuple[int, int]) -> float:
    """Of the inner loop: two loads a pixel, one load and two SXTB16 a channel, two SMLAD a product, the loop itself."""
    pixels, channels = tile
    return (2 * pixels + 3 * channels + 2 * pixels * channels + 3) / (4 * pixels * channels)


def pointwise_row_width(pixels: int, channels: int, out_channels: int) -> int:
    """How wide to lay the rows of a pointwise convolution: best tile first, then the fewest rows.

    Args:
        pixels: of the image.
        channels: of the input.
    """

    def cost(width: int) -> tuple[float, int]:
        fitting = [t for t in _TILES if width % t[0] == 0 and out_channels % t[1] == 0]
        return min(_instructions_per_mac(t) for t in fitting), -width

    widths = [w for w in range(1, pixels + 1) if pixels % w == 0 and (w == 1 or w * channels <= _MOST_ROW_ELEMENTS)]
    return min(widths, key=cost)
