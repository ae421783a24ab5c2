"""The instrumentation trace macrocell (Armv7-M ARM C1.7): firmware that prints through it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.board.virtual.peripherals.register_block import RegisterBlock

_TER, _TCR, _LAR, _LSR = 0xE00, 0xE80, 0xFB0, 0xFB4
_PORTS_END, _ITMENA = 0x80, 1 << 0


class Itm(RegisterBlock):
    """Stimulus ports 0 to 31, always ready; what they take is dropped, for there is no trace port."""

    def __init__(self, trace_enabled: Callable[[], bool]) -> None:
        """Make the unit; it works while DEMCR.TRCENA is set."""
        super().__init__("ITM", 0xE000_0000, 0xFC0)
        self._trace_enabled: Final = trace_enabled

    def reset(self) -> None:
        """Nothing: trace is the debugger's, and survives a system reset."""

    def read(self, offset: int) -> int:
        """A stimulus port reads 1 when it takes data."""
        if offset < _PORTS_END:
            return int(self._enabled(offset // 4))
        return 0b10 if offset == _LSR else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set-up; a stimulus port keeps nothing."""
        if offset >= _PORTS_END and offset != _LAR:
            super().write(offset, value)

    def _enabled(self, port: int) -> bool:
        return self._trace_enabled() and bool(self.stored(_TCR) & _ITMENA and self.stored(_TER) >> port & 1)
