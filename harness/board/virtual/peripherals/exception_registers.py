"""The registers of system exceptions (Armv7-M ARM B3.2): ICSR, priorities, handlers, fault status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.board.virtual.exception_state import (
    BUS_FAULT,
    CONFIGURABLE_FAULTS,
    DEBUG_MONITOR,
    FIRST_INTERRUPT,
    HARD_FAULT,
    MEM_MANAGE,
    NMI,
    PENDSV,
    SVCALL,
    SYSTICK,
    USAGE_FAULT,
)
from harness.board.virtual.exceptions import ExceptionModel

_ICSR, _SHPR1, _SHPR3, _SHCSR, _CFSR, _HFSR, _MMFAR, _BFAR = (
    *(0xD04, 0xD18, 0xD20, 0xD24),
    *(0xD28, 0xD2C, 0xD34, 0xD38),
)
_NMI_PENDING, _RETURNS_TO_BASE, _INTERRUPT_PENDING = 1 << 31, 1 << 11, 1 << 22
_SET_AND_CLEAR = ((28, 27, PENDSV), (26, 25, SYSTICK))
# Bits of SHCSR: active, pending and enabled.
_ACTIVE_BITS = {MEM_MANAGE: 0, BUS_FAULT: 1, USAGE_FAULT: 3, SVCALL: 7, DEBUG_MONITOR: 8, PENDSV: 10, SYSTICK: 11}
_PENDING_BITS = {USAGE_FAULT: 12, MEM_MANAGE: 13, BUS_FAULT: 14, SVCALL: 15}
# Armv8-M shows these, too; they are not for writing.
_MORE_ACTIVE_BITS, _MORE_PENDING_BITS = {HARD_FAULT: 2, NMI: 5}, {HARD_FAULT: 21}
_ENABLE_BITS = {MEM_MANAGE: 16, BUS_FAULT: 17, USAGE_FAULT: 18}


class ExceptionRegisters:
    """Reads and writes an exception model, by offsets within the system control space."""

    def __init__(self, model: ExceptionModel, interrupt: Callable[[], None]) -> None:
        """Let code see changes of a model; `interrupt` has the core look at it."""
        self._model: Final = model
        self._interrupt: Final = interrupt
        configurable = model.architecture.configurable_faults
        self._offsets = frozenset((_ICSR, *range(_SHPR1, _SHPR3 + 4, 4), _SHCSR))
        if configurable:
            self._offsets |= {_CFSR, _HFSR, _MMFAR, _BFAR}

    def has(self, offset: int) -> bool:
        """Whether a register is one of these."""
        return offset in self._offsets

    def read(self, offset: int) -> int:
        """A register."""
        model, faults = self._model, self._model.faults
        if _SHPR1 <= offset <= _SHPR3:
            first = 4 + offset - _SHPR1
            return sum(model.priorities.get(first + index, 0) << 8 * index for index in range(4))
        if offset == _ICSR:
            return self._interrupt_state()
        if offset == _SHCSR:
            return self._handlers()
        return {_CFSR: faults.cfsr, _HFSR: faults.hfsr, _MMFAR: faults.mmfar, _BFAR: faults.bfar}[offset]

    def write(self, offset: int, value: int) -> None:
        """Take a register, with what it does."""
        model, faults = self._model, self._model.faults
        if _SHPR1 <= offset <= _SHPR3:
            for index in range(4):
                model.priorities[4 + offset - _SHPR1 + index] = value >> 8 * index & model.priority_mask
        elif offset == _ICSR:
            self._set_pending(value)
        elif offset == _SHCSR:
            self._set_handlers(value)
        elif offset == _CFSR:
            faults.cfsr &= ~value
        elif offset == _HFSR:
            faults.hfsr &= ~value
        elif offset == _MMFAR:
            faults.mmfar = value
        elif offset == _BFAR:
            faults.bfar = value
        self._interrupt()

    def _interrupt_state(self) -> int:
        model = self._model
        current = model.current
        urgent = model.most_urgent() or 0
        flags = _NMI_PENDING if NMI in model.pending else 0
        flags |= sum(1 << bit for bit, _, number in _SET_AND_CLEAR if number in model.pending)
        flags |= _RETURNS_TO_BASE if current and not [one for one in model.active if one != current] else 0
        flags |= _INTERRUPT_PENDING if any(number >= FIRST_INTERRUPT for number in model.pending) else 0
        return flags | urgent << 12 | current

    def _set_pending(self, value: int) -> None:
        pending = self._model.pending
        if value & _NMI_PENDING:
            pending.add(NMI)
        for set_bit, clear_bit, number in _SET_AND_CLEAR:
            if value >> set_bit & 1:
                pending.add(number)
            if value >> clear_bit & 1:
                pending.discard(number)

    def _handlers(self) -> int:
        model = self._model
        groups = [(_ACTIVE_BITS, model.active), (_PENDING_BITS, model.pending), (_ENABLE_BITS, model.enabled)]
        if model.architecture.version == 8:
            groups += [(_MORE_ACTIVE_BITS, model.active), (_MORE_PENDING_BITS, model.pending)]
        return sum(1 << bit for bits, members in groups for number, bit in bits.items() if number in members)

    def _set_handlers(self, value: int) -> None:
        """SHCSR; an operating system may also make handlers active or inactive, and pending or not."""
        model = self._model
        model.pending = _with(model.pending, value, _PENDING_BITS)
        if not model.architecture.configurable_faults:
            return
        model.enabled = _with(model.enabled, value, {one: _ENABLE_BITS[one] for one in CONFIGURABLE_FAULTS})
        for number, bit in _ACTIVE_BITS.items():
            if value >> bit & 1 and number not in model.active:
                model.active.insert(0, number)
            elif not value >> bit & 1 and number in model.active:
                model.active.remove(number)


def _with(members: set[int], value: int, bits: dict[int, int]) -> set[int]:
    """A set with the members that bits of a register stand for as that has them."""
    return (members - set(bits)) | {number for number, bit in bits.items() if value >> bit & 1}
