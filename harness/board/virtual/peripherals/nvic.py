"""The interrupt controller's registers (Armv7-M ARM B3.4); what they mean is in the exception model.

Armv6-M has no active bits.
"""

from __future__ import annotations

from harness.board.virtual.engine import Engine
from harness.board.virtual.exception_state import FIRST_INTERRUPT
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.peripherals.register_block import RegisterBlock

_SET_ENABLE, _CLEAR_ENABLE, _SET_PENDING, _CLEAR_PENDING, _ACTIVE, _PRIORITY = 0x000, 0x080, 0x100, 0x180, 0x200, 0x300


class Nvic(RegisterBlock):
    """Enable, pending, active and priority registers."""

    def __init__(self, engine: Engine, exceptions: ExceptionModel) -> None:
        """Make the registers of an exception model."""
        super().__init__("NVIC", 0xE000_E100, 0x3F0)
        self._engine = engine
        self._exceptions = exceptions

    def read(self, offset: int) -> int:
        """The state of 32 interrupts, or the priorities of four."""
        model = self._exceptions
        model.look()
        if offset >= _PRIORITY:
            first = FIRST_INTERRUPT + offset - _PRIORITY
            return sum(model.priorities.get(first + index, 0) << 8 * index for index in range(4))
        numbers: set[int] = {
            _SET_ENABLE: model.enabled,
            _CLEAR_ENABLE: model.enabled,
            _SET_PENDING: model.pending,
            _CLEAR_PENDING: model.pending,
            _ACTIVE: set(model.active) if model.architecture.configurable_faults else set(),
        }.get(offset & ~0x7F, set())
        first = FIRST_INTERRUPT + 8 * (offset & 0x7F)
        return sum(1 << index for index in range(32) if first + index in numbers)

    def stored(self, offset: int) -> int:
        """For writes narrower than a word: priorities are kept, the other registers act only on ones."""
        return self.read(offset) if offset >= _PRIORITY else 0

    def write(self, offset: int, value: int) -> None:
        """Enable, disable, pend, unpend, or set priorities."""
        model = self._exceptions
        if offset >= _PRIORITY:
            for index in range(4):
                number = FIRST_INTERRUPT + offset - _PRIORITY + index
                model.priorities[number] = value >> 8 * index & model.priority_mask
            return
        first = FIRST_INTERRUPT + 8 * (offset & 0x7F)
        chosen = {first + index for index in range(32) if value >> index & 1}
        register = offset & ~0x7F
        if register == _SET_ENABLE:
            model.enabled |= chosen
        elif register == _CLEAR_ENABLE:
            model.enabled -= chosen
        elif register == _SET_PENDING:
            model.pending |= chosen
        elif register == _CLEAR_PENDING:
            model.pending -= chosen
        self._engine.interrupt()
