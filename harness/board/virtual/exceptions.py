"""Exceptions of Armv7-M: priorities, entry and return with stacking, faults with escalation, lockup.

Unicorn has none of it. The rules are those of the Armv7-M Architecture Reference Manual, B1.5 and B3.2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Fault

HARD_FAULT, SVCALL, PENDSV, SYSTICK = 3, 11, 14, 15
FIRST_INTERRUPT = 16
LOCKUP_ADDRESS = 0xFFFF_FFFE
_THREAD_PRIORITY = 256
_FIXED_PRIORITIES = {2: -2, HARD_FAULT: -1}
_ENTRY_CYCLES, _RETURN_CYCLES = 12, 10
_BASIC_FRAME, _FLOAT_FRAME = 0x20, 0x68
_FPCA, _SPSEL = 1 << 2, 1 << 1
_ALIGNED = 1 << 9
_BFAR_VALID = 1 << 15
_FORCED, _VECTOR_TABLE, _DEBUG_EVENT = 1 << 30, 1 << 1, 1 << 31


class ExceptionModel:
    """The exception state of the core.

    Attributes:
        vector_table: VTOR.
        enabled: exception numbers that may be taken: interrupts by NVIC_ISER, configurable faults by SHCSR.
        priorities: of configurable exceptions, 0 to 255.
        cfsr, hfsr, bfar: fault status registers.
        lines: gives the level-sensitive interrupts held up by peripherals, as exception numbers.
        locked_up: a fault came up at the priority of a fault handler; only a reset helps.
    """

    def __init__(self, engine: Engine, boot_address: int) -> None:
        """Model the exceptions of a core that boots from the vector table at `boot_address`."""
        self._engine: Final = engine
        self._boot_address = boot_address
        self.lines: Callable[[], set[int]] = set
        self.reset()

    def reset(self) -> None:
        """As after a reset: nothing pending, active or enabled."""
        self.vector_table = self._boot_address
        self.pending: set[int] = set()
        self.active: list[int] = []
        self.enabled: set[int] = {SVCALL, PENDSV, SYSTICK}
        self.priorities: dict[int, int] = {}
        self.cfsr = self.hfsr = self.bfar = 0
        self.locked_up = False

    # ---- priorities

    def waiting(self) -> set[int]:
        """Exceptions that are pending and enabled."""
        return {number for number in self.pending | self.lines() if number in self.enabled}

    def dispatch(self, pc: int) -> int:
        """Enter the most urgent waiting exception if it may preempt; the address to go on from."""
        ready = self.waiting()
        if not ready:
            return pc
        number = min(ready, key=lambda one: (self._priority(one), one))
        if self._priority(number) >= self._current_priority():
            return pc
        return self._enter(number, pc)

    def blocked_by_mask(self) -> bool:
        """An exception waits that PRIMASK, BASEPRI or FAULTMASK holds back, and code may let it in at any time."""
        ready = self.waiting()
        return bool(ready) and min(map(self._priority, ready)) < self._active_priority()

    def _priority(self, number: int) -> int:
        return _FIXED_PRIORITIES.get(number, self.priorities.get(number, 0))

    def _active_priority(self) -> int:
        return min((self._priority(number) for number in self.active), default=_THREAD_PRIORITY)

    def _current_priority(self) -> int:
        from unicorn import arm_const as arm

        read = self._engine.uc.reg_read
        priority = self._active_priority()
        if base := read(arm.UC_ARM_REG_BASEPRI):
            priority = min(priority, base)
        if read(arm.UC_ARM_REG_PRIMASK) & 1:
            priority = min(priority, 0)
        return min(priority, -1) if read(arm.UC_ARM_REG_FAULTMASK) & 1 else priority

    # ---- ways in

    def take_fault(self, fault: Fault, pc: int, address: int = 0) -> int:
        """Record a fault and enter its handler, or HardFault's; the address to go on from."""
        self.cfsr |= fault.status_bit
        if fault is Fault.DATA_BUS:
            self.cfsr |= _BFAR_VALID
            self.bfar = address
        number = fault.exception
        if number in self.enabled and self._priority(number) < self._current_priority():
            return self._enter(number, pc)
        self.hfsr |= _FORCED
        return self._hard_fault(pc)

    def supervisor_call(self, pc: int) -> int:
        """SVC; where its priority does not allow it, a HardFault."""
        if self._priority(SVCALL) < self._current_priority():
            return self._enter(SVCALL, pc)
        self.hfsr |= _FORCED
        return self._hard_fault(pc)

    def breakpoint_without_debugger(self, pc: int) -> int:
        """BKPT with nobody to take it."""
        self.hfsr |= _DEBUG_EVENT
        return self._hard_fault(pc)

    def _hard_fault(self, pc: int) -> int:
        if self._current_priority() <= _FIXED_PRIORITIES[HARD_FAULT]:
            return self._lock_up()
        return self._enter(HARD_FAULT, pc)

    def _lock_up(self) -> int:
        self.locked_up = True
        return LOCKUP_ADDRESS

    def _enter(self, number: int, pc: int) -> int:
        self.pending.discard(number)
        stacked = self._push_frame(pc)
        if not stacked:
            self.cfsr |= Fault.STACKING.status_bit
            self.hfsr |= _FORCED
            number = HARD_FAULT
        self._switch_to_handler(number)
        self.active.append(number)
        self._engine.clock.state.cycles += _ENTRY_CYCLES
        slot = self.vector_table + 4 * number
        if self._engine.memory_at(slot, 4) is None:
            self.hfsr |= _VECTOR_TABLE
            return self._lock_up()
        (vector,) = struct.unpack("<I", self._engine.read(slot, 4))
        self._engine.clock.jump(vector & ~1)
        if not vector & 1:
            return self.take_fault(Fault.INVALID_STATE, vector)
        return int(vector) & ~1

    def _push_frame(self, pc: int) -> bool:
        """Stack the caller-saved registers; false where there is no memory for them."""
        from unicorn import arm_const as arm

        uc = self._engine.uc
        stack, status = uc.reg_read(arm.UC_ARM_REG_SP), uc.reg_read(arm.UC_ARM_REG_XPSR)
        with_floats = bool(uc.reg_read(arm.UC_ARM_REG_CONTROL) & _FPCA)
        size = _FLOAT_FRAME if with_floats else _BASIC_FRAME
        frame = (stack - size) & ~7 & 0xFFFF_FFFF
        padded = _ALIGNED if (stack - size) & 4 else 0
        exception = self.active[-1] if self.active else 0
        status = (status & 0xF80F_0000) | (status & 0x0600_FC00) | 1 << 24 | padded | exception
        core = [uc.reg_read(register) for register in _frame_registers()]
        words = struct.pack("<8I", *core, pc & ~1, status)
        if with_floats:
            singles = (uc.reg_read(arm.UC_ARM_REG_S0 + index) for index in range(16))
            words += struct.pack("<18I", *singles, uc.reg_read(arm.UC_ARM_REG_FPSCR), 0)
        uc.reg_write(arm.UC_ARM_REG_SP, frame)
        memory = self._engine.memory_at(frame, size)
        if memory is None or not memory.writable:
            return False
        uc.mem_write(frame, words)
        return True

    def _switch_to_handler(self, number: int) -> None:
        from unicorn import arm_const as arm

        uc = self._engine.uc
        control = uc.reg_read(arm.UC_ARM_REG_CONTROL)
        on_process_stack = bool(control & _SPSEL) and not self.active
        returns = 0xFFFF_FFF1 if self.active else 0xFFFF_FFFD if on_process_stack else 0xFFFF_FFF9
        frame = uc.reg_read(arm.UC_ARM_REG_SP)
        if on_process_stack:
            uc.reg_write(arm.UC_ARM_REG_PSP, frame)
        uc.reg_write(arm.UC_ARM_REG_CONTROL, control & ~(_FPCA | _SPSEL))
        if on_process_stack:
            uc.reg_write(arm.UC_ARM_REG_SP, uc.reg_read(arm.UC_ARM_REG_MSP))
        uc.reg_write(arm.UC_ARM_REG_XPSR, 1 << 24 | number)
        uc.reg_write(arm.UC_ARM_REG_LR, returns & ~(0x10 if control & _FPCA else 0))

    # ---- way out

    def leave(self, exc_return: int) -> int:
        """Return from the active exception; the address to go on from."""
        from unicorn import arm_const as arm

        uc = self._engine.uc
        if not self.active or exc_return & 0xF not in (0x1, 0x9, 0xD):
            return self.take_fault(Fault.INVALID_PC, exc_return)
        if self.active.pop() != 2:
            uc.reg_write(arm.UC_ARM_REG_FAULTMASK, 0)
        to_process_stack = exc_return & 0xF == 0xD
        with_floats = not exc_return & 0x10
        size = _FLOAT_FRAME if with_floats else _BASIC_FRAME
        uc.reg_write(arm.UC_ARM_REG_XPSR, 1 << 24 | (self.active[-1] if self.active else 0))
        frame = uc.reg_read(arm.UC_ARM_REG_PSP if to_process_stack else arm.UC_ARM_REG_SP)
        if self._engine.memory_at(frame, size) is None:
            return self.take_fault(Fault.UNSTACKING, exc_return)
        *core, pc, status = struct.unpack("<8I", self._engine.read(frame, _BASIC_FRAME))
        stack = frame + size + (4 if status & _ALIGNED else 0)
        if with_floats:
            floats = struct.unpack("<18I", self._engine.read(frame + _BASIC_FRAME, _FLOAT_FRAME - _BASIC_FRAME))
            for index in range(16):
                uc.reg_write(arm.UC_ARM_REG_S0 + index, floats[index])
            uc.reg_write(arm.UC_ARM_REG_FPSCR, floats[16])
        uc.reg_write(arm.UC_ARM_REG_XPSR, status & ~_ALIGNED)
        control = uc.reg_read(arm.UC_ARM_REG_CONTROL) & 1
        control |= (_SPSEL if to_process_stack else 0) | (_FPCA if with_floats else 0)
        uc.reg_write(arm.UC_ARM_REG_CONTROL, control)
        if to_process_stack:
            uc.reg_write(arm.UC_ARM_REG_PSP, stack)
        uc.reg_write(arm.UC_ARM_REG_SP, stack)
        for register, value in zip(_frame_registers(), core, strict=True):
            uc.reg_write(register, value)
        self._engine.clock.state.cycles += _RETURN_CYCLES
        self._engine.clock.jump(pc & ~1)
        return int(pc) & ~1


def _frame_registers() -> tuple[int, ...]:
    from unicorn import arm_const as arm

    return (
        arm.UC_ARM_REG_R0,
        arm.UC_ARM_REG_R1,
        arm.UC_ARM_REG_R2,
        arm.UC_ARM_REG_R3,
        arm.UC_ARM_REG_R12,
        arm.UC_ARM_REG_LR,
    )
