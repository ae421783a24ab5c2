"""The workspace of packed convolutions: a stretch of input rows, padded and widened to int16, word by word."""

from __future__ import annotations

from dataclasses import dataclass

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels import dsp
from harness.deploy.tvm.kernels.kernel import call, store
from harness.deploy.tvm.micro.moves import FillWords, WidenWords
from harness.deploy.window import Window


@dataclass(frozen=True)
class ImageRows:
    """`count` consecutive rows of the padded input, as int16 values; every output's first input begins a word.

    Attributes:
        spare: elements behind each row that are read, and meet zero weights.
    """

    window: Window
    pad_value: int
    count: int
    spare: int

    @property
    def channels(self) -> int:
        """Of a pixel here: an odd number is made even, unless steps in a row are an even number of values anyway."""
        aligned = self.window.stride_width * self.window.channels % 2 == 0
        return self.window.channels if aligned else self.window.channels + 1

    @property
    def permuted(self) -> bool:
        """Whether each four values lie in the order 0, 2, 1, 3, in which SXTB16 gives them."""
        return self.channels % 4 == 0

    @property
    def pitch(self) -> int:
        """Elements from one row to the next."""
        elements = self.window.columns * self.channels + self.spare
        return elements + elements % 2

    @property
    def elements(self) -> int:
        return self.count * self.pitch

    def fill(self, rows: Buffer) -> None:
        """Set everything to the padding value."""
        call(FillWords(), T.address_of(rows[0]), T.int32(self._pad_word), T.int32(self.elements // 2))

    def widen(self, rows: Buffer, x: Buffer, position: Expr, source: Expr) -> None:
        """Bring in row `source` of the input at a position of the workspace; outside of the image, padding."""
        window = self.window
        start = position * self.pitch
        with T.If(T.And(source >= 0, source < window.height)):
            with T.Then():
                inside = start + window.pad_left * self.channels
                self._copy(rows, x, source * (window.width * window.channels), inside)
            with T.Else():
                call(FillWords(), T.address_of(rows[start]), T.int32(self._pad_word), T.int32(self.pitch // 2))

    @property
    def _pad_word(self) -> int:
        return (self.pad_value & 0xFFFF) | (self.pad_value << 16)

    def _copy(self, rows: Buffer, x: Buffer, origin: Expr, start: Expr) -> None:
        window = self.window
        if self.channels == window.channels:
            widen_values(rows, x, origin, start, T.int32(window.used_width * window.channels), self.permuted)
        else:
            self._copy_pixels(rows, x, origin, start)

    def _copy_pixels(self, rows: Buffer, x: Buffer, origin: Expr, start: Expr) -> None:
        """Pixels of an odd number of channels, each made longer by one value that meets zero weights."""
        window, channels = self.window, self.window.channels
        whole = window.used_width - 1 if channels == 3 else 0
        with T.serial(whole) as pixel:
            # The fourth byte is the next pixel's first: any value will do.
            word = dsp.load_bytes(x, origin + pixel * 3)
            dsp.store_halfwords(rows, start + pixel * 4, dsp.sxtb16(word))
            dsp.store_halfwords(rows, start + pixel * 4 + 2, dsp.sxtb16_odd(word))
        order = _PERMUTATION if self.permuted else range(4)
        with T.serial(window.used_width - whole) as pixel:
            for channel in range(channels):
                place = channel // 4 * 4 + order[channel % 4]
                value = x[origin + (pixel + whole) * channels + channel].astype("int16")
                store(rows, start + (pixel + whole) * self.channels + place, value)


_PERMUTATION = (0, 2, 1, 3)


def widen_values(rows: Buffer, x: Buffer, origin: Expr, start: Expr, count: Expr, permuted: bool) -> None:
    """rows[start:] = x[origin:] for `count` values; a multiple of four if permuted."""
    if permuted:
        call(WidenWords(), T.address_of(rows[start]), T.address_of(x[origin]), T.shift_right(count, 2))
        return
    groups = T.shift_right(count, 2)
    with T.serial(groups) as group:
        word = dsp.load_bytes(x, origin + group * 4)
        even, odd = dsp.sxtb16(word), dsp.sxtb16_odd(word)
        dsp.store_halfwords(rows, start + group * 4, dsp.pack_low(even, odd))
        dsp.store_halfwords(rows, start + group * 4 + 2, dsp.pack_high(even, odd))
    done = T.shift_left(groups, 2)
    with T.serial(count - done) as k:
        store(rows, start + done + k, x[origin + done + k].astype("int16"))
