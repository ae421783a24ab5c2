"""int8 3x3 depthwise convolutions, channel by channel over planes, for cores with the DSP extension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels import dsp
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, call, store
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.tvm.micro.micro_kernel import MicroKernel
from harness.deploy.tvm.micro.moves import FillWords
from harness.deploy.tvm.micro.plane_dots import CHANNELS, TABLE_WORDS, PlaneDots
from harness.deploy.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORKSPACE = 4096
_LONGEST_OFFSET = 4095


def fits_planes(window: Window, out_channels: int) -> bool:
    """Whether `PlanarDepthwise` takes such a layer."""
    strides = (window.stride_height, window.stride_width)
    plain = (window.kernel_height, window.kernel_width, window.dilation_height, window.dilation_width) == (3, 3, 1, 1)
    whole = window.channels % CHANNELS == 0 and out_channels == window.channels
    near = 2 * _pitch(window) * 2 + 16 <= _LONGEST_OFFSET and 3 * out_channels <= _LONGEST_OFFSET
    return plain and strides in ((1, 1), (2, 2)) and whole and near and window.used_width > 0


def _pitch(window: Window) -> int:
    """Elements from a row of a plane to the next: a tile's last word may read one on."""
    elements = window.columns + 1
    return elements + elements % 2


@dataclass(frozen=True)
class PlanarDepthwise(Kernel):
    """DEPTHWISE_CONV_2D with a 3x3 kernel and a multiplier of 1.

    A block of rows of four channels at a time is widened into planes, in which SMLAD takes two neighbouring taps.
    """

    kind: ClassVar[str] = "depthwise"
    window: Window
    pad_value: int
    finish: Finish

    @property
    def block_rows(self) -> int:
        """Output rows at a time."""
        window = self.window
        input_rows = _WORKSPACE // (2 * CHANNELS * _pitch(window))
        fitting = max(1, min(window.out_height, (input_rows - 3) // window.stride_height + 1))
        return -(-window.out_height // -(-window.out_height // fitting))

    @property
    def _plane_rows(self) -> int:
        return (self.block_rows - 1) * self.window.stride_height + 3

    @property
    def _plane(self) -> int:
        """Elements of a plane."""
        return self._plane_rows * _pitch(self.window)

    @property
    def _dots(self) -> PlaneDots:
        window = self.window
        pitch = 2 * _pitch(window)
        return PlaneDots(window.out_width, window.stride_width, pitch, 2 * self._plane, window.channels, self.finish)

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        return self._dots, FillWords()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        window = self.window
        return (
            Parameter("x", "int8", window.height * window.width * window.channels),
            Parameter("table", "int32", TABLE_WORDS * window.channels),
            Parameter("y", "int8", window.out_height * window.out_width * window.channels),
            Parameter("planes", "int16", CHANNELS * self._plane, workspace=True),
        )

    def pack(self, weights: NDArray[np.int8], parameters: NDArray[np.int32]) -> NDArray[np.int32]:
        """The table that the loop reads.

        Args:
            weights: (3, 3, channels).
            parameters: `quantize_math.channel_parameters`.
        """
        # Sums come out doubled, if the weights are.
        factor = 2 if self.finish.doubled else 1
        taps = (weights.astype("<i2") * factor).transpose(2, 0, 1)
        words = np.ascontiguousarray(taps[:, :, [0, 1, 1, 2]]).view("<i4").reshape(len(taps), 6)
        rest = parameters.reshape(-1, 3) * [factor, 1, 1]
        return np.concatenate([words, rest], axis=1).astype(np.int32).ravel()

    def body(self, *buffers: Buffer) -> None:
        x, table, y, planes = buffers
        window, block_rows = self.window, self.block_rows
        pad = (self.pad_value & 0xFFFF) | (self.pad_value << 16)
        with T.serial(-(-window.out_height // block_rows)) as block:
            top = block * (block_rows * window.stride_height) - window.pad_top
            begin = T.max(T.int32(0) - top, T.int32(0))
            end = T.min(T.int32(self._plane_rows), T.int32(window.height) - top)
            call(FillWords(), T.address_of(planes[0]), T.int32(pad), T.int32(CHANNELS * self._plane // 2))
            rows = T.min(T.int32(block_rows), T.int32(window.out_height) - block * block_rows)
            with T.serial(window.channels // CHANNELS) as group:
                with T.serial(end - begin) as row:
                    origin = (top + begin + row) * (window.width * window.channels) + group * CHANNELS
                    self._widen(planes, x, origin, (begin + row) * _pitch(window) + window.pad_left)
                first = block * (block_rows * window.out_width * window.channels) + group * CHANNELS
                address = T.address_of(table[group * (CHANNELS * TABLE_WORDS)])
                call(self._dots, T.address_of(planes[0]), address, T.address_of(y[first]), rows)

    def _widen(self, planes: Buffer, x: Buffer, origin: Expr, start: Expr) -> None:
        """One row of the input, into the same row of four planes: two pixels at a time, where they share a word."""
        window = self.window
        lead = min(window.pad_left % 2, window.used_width)
        pairs = (window.used_width - lead) // 2
        for pixel in [*range(lead), *range(lead + 2 * pairs, window.used_width)]:
            for channel in range(CHANNELS):
                value = x[origin + pixel * window.channels + channel].astype("int16")
                store(planes, start + channel * self._plane + pixel, value)
        with T.serial(pairs) as pair:
            place = origin + (lead + 2 * pair) * window.channels
            one, other = (dsp.load_bytes(x, place + n * window.channels) for n in (0, 1))
            for odd, widened in enumerate((dsp.sxtb16, dsp.sxtb16_odd)):
                values = widened(one), widened(other)
                for half, packed in enumerate((dsp.pack_low, dsp.pack_high)):
                    plane = (odd + 2 * half) * self._plane
                    dsp.store_halfwords(planes, start + (lead + 2 * pair) + plane, packed(*values))
