"""The registers of floating point context (Armv7-M ARM B3.2.21 ff.), and the window that QEMU saves state through."""

from __future__ import annotations

from harness.board.virtual.float_context import WINDOW, FloatContext
from harness.board.virtual.peripherals.register_block import RegisterBlock

_FPCCR, _FPCAR, _FPDSCR, _MVFR0 = 0x4, 0x8, 0xC, 0x10
_LAST_SAVED = 0x40


class FloatContextRegisters(RegisterBlock):
    """FPCCR, FPCAR, FPDSCR, and MVFR0 to MVFR2."""

    def __init__(self, context: FloatContext, features: tuple[int, int, int]) -> None:
        """Make the registers of a context; `features`: MVFR0, MVFR1 and MVFR2."""
        super().__init__("FPU", 0xE000_EF30, 0x20, {_MVFR0 + 4 * index: one for index, one in enumerate(features)})
        self._context = context

    def stored(self, offset: int) -> int:
        """What a register reads, for accesses narrower than a word."""
        return self.read(offset)

    def read(self, offset: int) -> int:
        """A register."""
        context = self._context
        values = {_FPCCR: context.control, _FPCAR: context.address, _FPDSCR: context.defaults}
        return values[offset] if offset in values else super().stored(offset)

    def write(self, offset: int, value: int) -> None:
        """Take a register."""
        if offset == _FPCCR:
            self._context.control = value
        elif offset == _FPCAR:
            self._context.address = value & ~7
        elif offset == _FPDSCR:
            self._context.defaults = value


class LazySaveWindow(RegisterBlock):
    """Where QEMU writes floating point registers to when a handler is about to use them: FPSCR comes last."""

    def __init__(self, context: FloatContext) -> None:
        """Have a context save its state then."""
        super().__init__("lazy save", WINDOW, 0x60)
        self._context = context

    def write(self, offset: int, value: int) -> None:  # noqa: ARG002
        """The last write tells that it is time."""
        if offset == _LAST_SAVED:
            self._context.save_pending()
