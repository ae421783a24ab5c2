"""GPIO ports (RM0432 chapter 8, RM0385 6: the same in both families) that tell of the levels they drive."""

from __future__ import annotations

from collections.abc import Callable

from harness.board.virtual.peripherals.register_block import RegisterBlock

_MODER, _IDR, _ODR, _BSRR, _BRR = 0x00, 0x10, 0x14, 0x18, 0x28
_OUTPUT = 1


class Gpio(RegisterBlock):
    """One port; inputs read high, as pulled up."""

    def __init__(self, name: str, origin: int, on_level: Callable[[int, bool], None] | None = None) -> None:
        """Make a port that calls `on_level` with (pin, level) whenever a driven level changes."""
        super().__init__(name, origin, values={_MODER: 0xFFFF_FFFF})
        self._on_level = on_level
        self._levels = 0

    def reset(self) -> None:
        """All pins analog; what was driven high falls."""
        super().reset()
        self._drive()

    def read(self, offset: int) -> int:
        """Storage; IDR shows the driven levels, and 1 on pins that are not driven."""
        if offset == _IDR:
            outputs = self._outputs()
            return (self.stored(_ODR) & outputs) | (0xFFFF & ~outputs)
        return 0 if offset in (_BSRR, _BRR) else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; BSRR and BRR change ODR."""
        output = self.stored(_ODR)
        if offset == _BSRR:
            super().write(_ODR, output & ~(value >> 16) | value & 0xFFFF)
        elif offset == _BRR:
            super().write(_ODR, output & ~value & 0xFFFF)
        else:
            super().write(offset, value)
        self._drive()

    def _outputs(self) -> int:
        mode = self.stored(_MODER)
        return sum(1 << pin for pin in range(16) if mode >> 2 * pin & 3 == _OUTPUT)

    def _drive(self) -> None:
        levels = self.stored(_ODR) & self._outputs()
        changed, self._levels = levels ^ self._levels, levels
        if self._on_level is not None:
            for pin in range(16):
                if changed >> pin & 1:
                    self._on_level(pin, bool(levels >> pin & 1))
