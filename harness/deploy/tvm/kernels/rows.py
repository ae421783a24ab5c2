"""The workspace of convolutions: the few input rows under the kernel, padded and widened to int16."""

from __future__ import annotations

from dataclasses import dataclass

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels import dsp
from harness.deploy.tvm.kernels.kernel import Parameter, store
from harness.deploy.window import Window

Term = tuple[int, Expr | int]
"""A summand of an index: a constant number of elements, times a variable."""

_READ_AHEAD = 3
"""Kernels take the taps four at a time and meet zero weights past the last: so many elements beyond a row are read."""


@dataclass(frozen=True)
class WidenedRows:
    """Rows i * stride + r * dilation - pad of the input, one for each r in the kernel's height, as int16.

    An even number of channels keeps every pair of taps on a word boundary; then the workspace is made of words,
    from which LLVM may load two at a time. `single` keeps halfwords, for kernels that take one channel at a time.
    """

    window: Window
    pad_value: int
    single: bool = False

    @property
    def _unit(self) -> int:
        return 1 if self.single or self.window.channels % 2 else 2

    @property
    def row_elements(self) -> int:
        """Elements from one row of the workspace to the next: even."""
        elements = self.window.columns * self.window.channels + _READ_AHEAD
        return elements + elements % 2

    @property
    def parameter(self) -> Parameter:
        elements = self.window.kernel_height * self.row_elements
        return Parameter("rows", "int32" if self._unit == 2 else "int16", elements // self._unit, workspace=True)

    def index(self, *terms: Term) -> Expr:
        """Sum of the terms, in elements of the workspace's own type."""
        return sum((factor // self._unit) * variable for factor, variable in terms)

    def load(self, rows: Buffer, *terms: Term) -> Expr:
        """The two values at an element index, as a word; if `single`, the one value."""
        if self.single:
            return rows[self.index(*terms)].astype("int32")
        if self._unit == 2:
            return rows[self.index(*terms)]
        return dsp.load_halfwords(rows, self.index(*terms))

    def fill(self, rows: Buffer) -> None:
        """Set all of the workspace to the padding value."""
        self._blank(rows, self.window.kernel_height * self.row_elements, ())

    def widen(self, rows: Buffer, x: Buffer, out_row: Expr) -> None:
        """Bring in the rows that this output row needs; those outside of the image become padding."""
        window = self.window
        with T.serial(window.kernel_height) as r:
            source = out_row * window.stride_height + r * window.dilation_height - window.pad_top
            start: tuple[Term, ...] = ((self.row_elements, r), (window.pad_left * window.channels, 1))
            if self._always_inside():
                self._copy(rows, x, source, start)
                return
            with T.If(T.And(source >= 0, source < window.height)):
                with T.Then():
                    self._copy(rows, x, source, start)
                with T.Else():
                    self._blank(rows, window.used_width * window.channels, start)

    def _always_inside(self) -> bool:
        window = self.window
        last = (window.out_height - 1) * window.stride_height + (window.kernel_height - 1) * window.dilation_height
        return window.pad_top == 0 and last < window.height

    def _copy(self, rows: Buffer, x: Buffer, source: Expr, start: tuple[Term, ...]) -> None:
        window = self.window
        count = window.used_width * window.channels
        origin = source * (window.width * window.channels)
        with T.serial(count // 4) as group:
            word = dsp.load_bytes(x, origin + group * 4)
            even, odd = dsp.sxtb16(word), dsp.sxtb16_odd(word)
            self._store(rows, dsp.pack_low(even, odd), *start, (4, group))
            self._store(rows, dsp.pack_high(even, odd), *start, (4, group), (2, 1))
        done = count // 4 * 4
        if self._unit == 2 and count > done:
            pair = dsp.pack_low(x[origin + done].astype("int32"), x[origin + done + 1].astype("int32"))
            self._store(rows, pair, *start, (done, 1))
        elif count > done:
            for k in range(done, count):
                store(rows, self.index(*start, (k, 1)), x[origin + k].astype("int16"))

    def _blank(self, rows: Buffer, count: int, start: tuple[Term, ...]) -> None:
        pair = (self.pad_value & 0xFFFF) | (self.pad_value << 16)
        value = T.int32(pair) if self._unit == 2 else T.int16(self.pad_value)
        with T.serial(count // self._unit) as k:
            store(rows, self.index(*start, (self._unit, k)), value)

    def _store(self, rows: Buffer, word: Expr, *terms: Term) -> None:
        if self._unit == 2:
            store(rows, self.index(*terms), word)
        else:
            dsp.store_halfwords(rows, self.index(*terms), word)
