"""Instructions that concern more than registers and memory, which Unicorn carries out in silence.

A native check goes in front of each of them that is about to run for the first time:

- SDIV and UDIV, while CCR.DIV_0_TRP is set: a division by zero ends the run;
- SEV sets the event register;
- CPS and MSR of a mask end the run behind their basic block if an exception waits, so that it is taken there, and those
  of FAULTMASK always do, because the memory protection may depend on it;
- BASEPRI, FAULTMASK and CONTROL.nPRIV are written here, for QEMU does not think that the core has them: see
  `core_state.CoreState.allow_unaligned_accesses`.

They are rare, and the checks cost nothing elsewhere.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.board.virtual.core_state import CoreState
from harness.board.virtual.native_hook import native_hook, structure
from harness.board.virtual.timing.instruction import Instruction

_DIVIDE, _SEND_EVENT, _CHANGE_MASK, _WRITE_SPECIAL = range(4)
_ALWAYS, _IMMEDIATE = 14, 16
_FAULTMASK = 19
_U64 = ctypes.c_uint64


class _State(ctypes.Structure):
    """`watch_state_t`."""

    _fields_ = (
        *structure(ctypes.c_void_p, "registers flags control basepri faultmask exception deadline stop"),
        *structure(_U64, "trapped event waiting priority_mask"),
    )


class _Watched(ctypes.Structure):
    """`watched_t`."""

    _fields_ = (("state", ctypes.POINTER(_State)), *structure(_U64, "kind condition operand special"))


@dataclass(frozen=True)
class _Watch:
    location: int
    kind: int
    condition: int
    operand: int = 0
    special: int = 0


class InstructionWatch:
    """Watches one engine's code."""

    def __init__(
        self, uc: Any, function: Any, core: CoreState, deadline_address: int, read: Callable[[int, int], bytes]
    ) -> None:
        """Have `function` (`on_watched`) called; a run ends early by a 0 at `deadline_address`."""
        from unicorn.unicorn_py3.unicorn import uclib

        self._uc: Final = uc
        self._function: Final = function
        self._read: Final = read
        self._traps_divisions = self._trap_requested = False
        self._new: list[_Watch] = []
        self._installed: dict[int, tuple[_Watch, _Watched, ctypes.c_size_t]] = {}
        self._state: Final = _State(
            registers=ctypes.addressof(core.registers),
            flags=ctypes.addressof(core.flags),
            **{name: _address(core, name) for name in ("control", "basepri", "faultmask", "exception")},
            priority_mask=0xFF,
            deadline=deadline_address,
            stop=ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value,
        )

    # ---- what the instructions have done

    @property
    def event(self) -> bool:
        """The event register, which SEV sets."""
        return bool(self._state.event)

    @event.setter
    def event(self, value: bool) -> None:
        self._state.event = int(value)

    def expect_unmasking(self, waiting: bool) -> None:
        """Whether a run is to end where a mask may be lifted."""
        self._state.waiting = int(waiting)

    def mask_priorities(self, mask: int) -> None:
        """Have BASEPRI hold no other bits than these."""
        self._state.priority_mask = mask

    def take_trap(self) -> bool:
        """Whether the run ended in front of a division by zero."""
        trapped, self._state.trapped = bool(self._state.trapped), 0
        return trapped

    def trap_divisions(self, enabled: bool) -> None:
        """Switch the check of divisors; may be called while code runs, and is carried out by `switch`."""
        self._trap_requested = enabled

    def switch(self) -> bool:
        """Carry out what `trap_divisions` asked for; true if code that was seen before has to be seen again."""
        if self._trap_requested == self._traps_divisions:
            return False
        self._traps_divisions = self._trap_requested
        for location in [one for one, (watch, _, _) in self._installed.items() if watch.kind == _DIVIDE]:
            self._remove(location)
        return self._traps_divisions

    # ---- finding them

    def want(self, block: Sequence[Instruction]) -> bool:
        """Note what is to be watched in a block that is about to run; true if it must not run before `install`."""
        found = list(self._find(block)) if block else []
        self._new = [one for one in found if one.location not in self._installed or self._differs(one)]
        return bool(self._new)

    def install(self, forget: Callable[[int, int], None]) -> bool:
        """Watch what `want` has found, having its code forgotten; not while code runs. False if that was nothing."""
        found, self._new = self._new, []
        for watch in found:
            self._remove(watch.location)
            self._install(watch)
            forget(watch.location, 2)
        return bool(found)

    def _differs(self, watch: _Watch) -> bool:
        return self._installed[watch.location][0] != watch

    def _find(self, block: Sequence[Instruction]) -> Iterator[_Watch]:
        start = block[0].location
        code = self._read(start, block[-1].location + block[-1].size - start)
        conditions: list[int] = []
        for instruction in block:
            at = instruction.location - start
            first = code[at] | code[at + 1] << 8
            condition = conditions.pop(0) if conditions else _ALWAYS
            if first >> 12 != 0xF and first >> 12 != 0xB:
                continue
            if first & 0xFF00 == 0xBF00 and first & 0xF:
                conditions = _it_conditions(first & 0xFF)
                continue
            second = code[at + 2] | code[at + 3] << 8 if instruction.size == 4 else 0
            if (what := self._recognise(first, second)) is not None:
                yield _Watch(instruction.location, what[0], condition, *what[1:])

    def _recognise(self, first: int, second: int) -> tuple[int, ...] | None:
        """Kind, operand and special register of an instruction that is to be watched."""
        if self._traps_divisions and first & 0xFFD0 == 0xFB90 and second & 0xF0F0 == 0xF0F0:
            return _DIVIDE, second & 0xF
        if first == 0xBF40 or (first == 0xF3AF and second == 0x8004):
            return (_SEND_EVENT,)
        if first & 0xFFE8 == 0xB660:
            return (_WRITE_SPECIAL, _IMMEDIATE + (first >> 4 & 1), _FAULTMASK) if first & 1 else (_CHANGE_MASK,)
        if first & 0xFFF0 == 0xF380 and second & 0xF0F0 == 0x8010:
            return _WRITE_SPECIAL, first & 0xF, second & 0xFF
        return None

    def _install(self, watch: _Watch) -> None:
        from unicorn import UC_HOOK_CODE

        data = _Watched(ctypes.pointer(self._state), watch.kind, watch.condition, watch.operand, watch.special)
        where = watch.location
        handle = native_hook(self._uc, UC_HOOK_CODE, self._function, ctypes.byref(data), where, where)
        self._installed[where] = (watch, data, handle)

    def _remove(self, location: int) -> None:
        from unicorn.unicorn_py3.unicorn import uclib

        if location in self._installed:
            uclib.uc_hook_del(self._uc._uch, self._installed.pop(location)[2])


def _it_conditions(state: int) -> list[int]:
    """The conditions of the instructions behind an IT with these low eight bits (Armv7-M ARM A7.3.2)."""
    base, mask = state >> 4, state & 0xF
    count = 4 - (mask & -mask).bit_length() + 1
    return [base, *((base & ~1) | (mask >> 4 - index & 1) for index in range(1, count))]


def _address(core: CoreState, name: str) -> int:
    return ctypes.addressof(core.system) + int(getattr(type(core.system), name).offset)
