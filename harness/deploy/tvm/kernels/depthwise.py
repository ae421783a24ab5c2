"""int8 depthwise convolutions: two channels a word, tiles of pixels in registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels import dsp
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, largest_divisor, registers, store
from harness.deploy.tvm.kernels.requantize import Requantization
from harness.deploy.tvm.kernels.rows import WidenedRows
from harness.deploy.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_UNROLLED_TAPS = 8


@dataclass(frozen=True)
class Depthwise(Kernel):
    """DEPTHWISE_CONV_2D. Output channel c comes from input channel c // multiplier.

    With a multiplier of 1, channels go in pairs: one load brings two inputs, one word holds two weights. An odd last
    channel is paired with the next pixel's first, and that half is thrown away.
    """

    kind: ClassVar[str] = "depthwise"
    window: Window
    multiplier: int
    pad_value: int
    output: Requantization

    @property
    def out_channels(self) -> int:
        return self.window.channels * self.multiplier

    @property
    def _rows(self) -> WidenedRows:
        return WidenedRows(self.window, self.pad_value, single=self.multiplier > 1)

    @property
    def _pixels(self) -> int:
        return largest_divisor(self.window.out_width, (4, 2, 5, 3))

    @property
    def _weight_words(self) -> int:
        channels = -(-self.out_channels // 2) if self.multiplier == 1 else self.out_channels
        return channels * self.window.taps

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        window = self.window
        return (
            Parameter("x", "int8", window.height * window.width * window.channels),
            Parameter("weights", "int32", self._weight_words),
            Parameter("parameters", "int32", 3 * self.out_channels),
            Parameter("y", "int8", window.out_height * window.out_width * self.out_channels),
            self._rows.parameter,
        )

    def pack(self, weights: NDArray[np.int8]) -> NDArray[np.int32]:
        """(kernel_height, kernel_width, out_channels) weights, channel by channel, as words.

        A word is one weight, or with a multiplier of 1 the weights of two channels as halfwords.
        """
        taps = weights.reshape(-1, self.out_channels)
        if self.multiplier > 1:
            return np.ascontiguousarray(taps.T).astype(np.int32).ravel()
        even = np.pad(taps, ((0, 0), (0, self.out_channels % 2))).astype("<i2")
        pairs = even.reshape(len(taps), -1, 2).transpose(1, 0, 2)
        return np.ascontiguousarray(pairs).view("<i4").ravel()

    def body(self, *buffers: Buffer) -> None:
        x, _, _, _, rows = buffers
        channels = self.window.channels
        self._rows.fill(rows)
        with T.serial(self.window.out_height) as i:
            self._rows.widen(rows, x, i)
            if self.multiplier > 1:
                with T.serial(channels) as source, T.serial(self.multiplier) as copy:
                    self._output_row(buffers, i, _Lanes(source, 1, source * self.multiplier + copy, 1))
                return
            if channels > 1:
                with T.serial(channels // 2) as pair:
                    self._output_row(buffers, i, _Lanes(pair, 2, pair * 2, 2))
            if channels % 2:
                self._output_row(buffers, i, _Lanes(T.int32(channels // 2), 2, T.int32(channels - 1), 1))

    def _output_row(self, buffers: tuple[Buffer, ...], i: Expr, lanes: _Lanes) -> None:
        """Row i of the output channels in these lanes."""
        _, weights, parameters, y, rows = buffers
        with T.serial(self.window.out_width // self._pixels) as tile:
            accumulators = registers(self._pixels * lanes.valid)
            for n in range(self._pixels * lanes.valid):
                store(accumulators, n, parameters[(lanes.output + n % lanes.valid) * 3])
            self._accumulate(rows, weights, accumulators, tile, lanes)
            pixel = i * self.window.out_width + tile * self._pixels
            for n in range(self._pixels * lanes.valid):
                channel = lanes.output + n % lanes.valid
                multiplier, shift = parameters[channel * 3 + 1], parameters[channel * 3 + 2]
                value = self.output.apply(accumulators[n], multiplier, shift)
                store(y, (pixel + n // lanes.valid) * self.out_channels + channel, value)

    def _accumulate(self, rows: Buffer, weights: Buffer, accumulators: Buffer, tile: Expr, lanes: _Lanes) -> None:
        window, channels = self.window, self.window.channels
        step, products = window.stride_width * channels, (dsp.smlabb, dsp.smlatt)[: lanes.valid]
        # Unrolled, taps of neighbouring pixels share their loads.
        unrolled = window.kernel_width <= _MOST_UNROLLED_TAPS
        with T.serial(window.kernel_height) as r, T.serial(1 if unrolled else window.kernel_width) as k:
            for tap in range(window.kernel_width if unrolled else 1):
                column = k + tap
                group = lanes.output if lanes.width == 1 else lanes.source
                word = weights[(group * window.kernel_height + r) * window.kernel_width + column]
                for pixel in range(self._pixels):
                    values = self._rows.load(
                        rows,
                        (self._rows.row_elements, r),
                        (self._pixels * step, tile),
                        (window.dilation_width * channels, column),
                        (lanes.width, lanes.source),
                        (pixel * step, 1),
                    )
                    for half, product in enumerate(products):
                        n = pixel * lanes.valid + half
                        store(accumulators, n, product(values, word, accumulators[n]))


@dataclass(frozen=True)
class _Lanes:
    """The channels computed at once.

    Attributes:
        source: number of the input channel, or of the pair of them.
        width: input channels that a load brings.
        output: the first output channel.
        valid: output channels.
    """

    source: Expr
    width: int
    output: Expr
    valid: int
