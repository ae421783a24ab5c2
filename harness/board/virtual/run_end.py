"""Why Unicorn stopped running code, in the architecture's terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.board.virtual.core_state import CoreState
from harness.board.virtual.events import Cause, Event, Fault

# QEMU's exception numbers (target/arm/cpu.h), which Unicorn hands to its interrupt hook.
_SVC, _PREFETCH_ABORT, _DATA_ABORT, _BKPT, _EXCEPTION_EXIT, _NO_COPROCESSOR, _STACK_LIMIT = 2, 3, 4, 7, 8, 17, 19
_STATUS_MASK, _ALIGNMENT = 0x40F, 0x1
_THUMB = 1 << 24
_YIELD, _WFE = 0xBF10, 0xBF20
_WIDE_HINT, _WIDE_YIELD, _WIDE_WFE = 0xF3AF, 0x8001, 0x8002

_FAULTS = {
    _PREFETCH_ABORT: Fault.EXECUTE_NEVER,
    _NO_COPROCESSOR: Fault.NO_COPROCESSOR,
    _STACK_LIMIT: Fault.STACK_LIMIT,
}


def from_interrupt(number: int, pc: int, core: CoreState) -> Event:
    """What an exception of QEMU's stands for; `pc` as Unicorn has it then."""
    if number == _SVC:
        return Event(Cause.SUPERVISOR_CALL, pc & ~1)
    if number == _BKPT:
        return Event(Cause.BREAKPOINT, pc & ~1)
    if number == _EXCEPTION_EXIT:
        return Event(Cause.EXCEPTION_RETURN, pc | 1)
    if number == _DATA_ABORT:
        aligned = core.abort.status & _STATUS_MASK != _ALIGNMENT
        return Event(Cause.FAULT, pc & ~1, Fault.DATA_ACCESS if aligned else Fault.UNALIGNED, core.abort.address)
    return Event(Cause.FAULT, pc & ~1, _FAULTS.get(number, Fault.UNDEFINED_INSTRUCTION))


class InvalidInstruction:
    """Tells apart what Unicorn calls an invalid instruction."""

    def __init__(self, core: CoreState, read: Callable[[int, int], bytes]) -> None:
        """Look at the code with `read`."""
        self._core: Final = core
        self._read: Final = read

    def event(self, pc: int, *, block_is_over: bool) -> Event:
        """The event at `pc`, which lies behind the block that ran last if that `is_over`: hints end blocks."""
        if not self._core.program_status() & _THUMB:
            return Event(Cause.FAULT, pc, Fault.INVALID_STATE)
        if block_is_over:
            hint = self._half_word(pc - 2)
            if hint == _WFE or (hint == _WIDE_WFE and self._half_word(pc - 4) == _WIDE_HINT):
                return Event(Cause.WAIT_FOR_EVENT, pc)
            if hint == _YIELD or (hint == _WIDE_YIELD and self._half_word(pc - 4) == _WIDE_HINT):
                return Event(Cause.DEADLINE, pc)
        return Event(Cause.FAULT, pc, Fault.UNDEFINED_INSTRUCTION)

    def without_coprocessor(self, pc: int, *, float_unit_enabled: bool) -> Fault:
        """What QEMU takes for an instruction of a coprocessor that is not there (Armv7-M ARM A5.3.18).

        The floating point unit is coprocessor 10 and 11, and there are no others.
        """
        is_float = self._half_word(pc + 2) >> 8 & 0xE == 0xA
        return Fault.UNDEFINED_INSTRUCTION if is_float and float_unit_enabled else Fault.NO_COPROCESSOR

    def _half_word(self, address: int) -> int:
        return int.from_bytes(self._read(address, 2), "little")
