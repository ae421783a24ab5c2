"""Exceptions of M-profile cores: entry and return, tail-chaining, faults with escalation, lockup.

Unicorn has none of it. The rules are those of the Armv7-M Architecture Reference Manual, B1.5 and B3.2, with what
Armv6-M lacks and Armv8-M adds (see `architecture`); what it costs is in `lab/cores/*.yaml`.
"""

from __future__ import annotations

import struct
from typing import Final

from harness.board.virtual.architecture import ARCHITECTURES, ExceptionReturn
from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Fault
from harness.board.virtual.exception_costs import load_exception_costs
from harness.board.virtual.exception_frame import FLOAT_CONTEXT, Frame, FrameStacker, StackMemory
from harness.board.virtual.exception_state import (
    DEBUG_MONITOR,
    HARD_FAULT,
    NMI,
    SVCALL,
    ExceptionState,
)
from harness.board.virtual.fault_registers import FaultRegisters
from harness.board.virtual.float_context import FloatContext
from harness.board.virtual.memory_protection import MemoryProtection
from harness.deploy.target import Core

LOCKUP_ADDRESS = 0xFFFF_FFFE
_HIGHEST_HANDLED = -1
_THUMB, _FLAGS, _NUMBER = 1 << 24, 0xF80F_0000, 0x1FF
_PROCESS_STACK, _UNPRIVILEGED = 1 << 1, 1 << 0


class ExceptionModel(ExceptionState):
    """The exception state of a core, and how it changes.

    Attributes:
        vector_table: VTOR.
        faults: the fault status registers.
        floats: floating point state across exceptions.
        protection: the memory protection unit.
        frames: stacking.
        locked_up: a fault came up at the priority of a fault handler; only a reset helps.
        returns_to_thread_from_anywhere: CCR.NONBASETHRDENA.
        ignores_bus_faults: CCR.BFHFNMIGN: data accesses of HardFault and NMI handlers that fail are skipped.
        sleeps_on_exit: SCR.SLEEPONEXIT.
        wakes_on_pending: SCR.SEVONPEND.
    """

    def __init__(self, engine: Engine, boot_address: int, priority_bits: int | None = None) -> None:
        """Model the exceptions of a core that boots from the vector table at `boot_address`.

        `priority_bits`, where they are not as many as the architecture's implementations have as a rule.
        """
        self.architecture: Final = ARCHITECTURES[engine.core]
        self.costs = load_exception_costs(engine.core)
        self._engine: Final = engine
        self._core: Final = engine.state
        self._boot_address = boot_address
        self.faults: Final = FaultRegisters()
        v8 = self.architecture.version == 8
        self.protection: Final = MemoryProtection(None if engine.core is Core.CORTEX_M0PLUS else self._core, v8=v8)
        memory = StackMemory(engine, self.protection)
        self.floats: Final = FloatContext(self._core, memory.write, self._floats_saved)
        self.frames: Final = FrameStacker(self._core, memory, self.floats, self.architecture)
        super().__init__(priority_bits or self.architecture.priority_bits)
        self.on_pending = self._interrupt_became_pending
        engine.watched.mask_priorities(self.priority_mask)

    def reset(self) -> None:
        """As after a reset: nothing pending, active or enabled."""
        super().reset()
        self.vector_table = self._boot_address
        self.faults.reset()
        self.floats.reset()
        self.locked_up = False
        self.frames.aligns = True
        self.returns_to_thread_from_anywhere = self.ignores_bus_faults = False
        self.sleeps_on_exit = self.wakes_on_pending = False
        self.waits_for_event = self._sleep_requested = False
        self._engine.watched.event = False
        self._unbroken: tuple[int, bool] = (-1, False)

    # ---- priorities

    def dispatch(self, pc: int) -> int:
        """Enter the most urgent waiting exception if it may preempt; the address to go on from."""
        number = self.most_urgent()
        limit = self._execution_priority()
        self.protection.follow_priority(limit < 0)
        if number is not None and self.group_priority(number) < limit:
            return self._preempt(number, pc)
        self._engine.watched.expect_unmasking(self.blocked_by_mask())
        return pc

    def blocked_by_mask(self) -> bool:
        """An exception waits that PRIMASK, BASEPRI or FAULTMASK holds back, and code may let it in at any time."""
        number = self.most_urgent()
        return number is not None and self.group_priority(number) < self.active_priority()

    @property
    def current(self) -> int:
        """The number of the exception being handled, as IPSR has it; 0 in thread mode."""
        return int(self._core.system.exception)

    def _execution_priority(self, *, ignoring_primask: bool = False) -> int:
        system = self._core.system
        priority = self.active_priority()
        if base := system.basepri[0]:
            priority = min(priority, self.preemption_level(base))
        if system.primask[0] & 1 and not ignoring_primask:
            priority = min(priority, 0)
        return min(priority, -1) if system.faultmask[0] & 1 else priority

    # ---- sleep

    def wait(self, *, for_event: bool) -> bool:
        """WFI or WFE: whether the core goes to sleep."""
        self.waits_for_event = for_event
        if self.wakes():
            self.wake_up()
            return False
        return True

    def take_sleep_request(self) -> bool:
        """Whether the return from an exception is to sleep at once (SCR.SLEEPONEXIT)."""
        requested, self._sleep_requested = self._sleep_requested, False
        return requested and self.wait(for_event=False)

    def wakes(self) -> bool:
        """Whether something ends the sleep: an exception that may preempt, or in WFE an event.

        PRIMASK does not keep an exception from ending a WFI (Armv7-M ARM B1.5.18, B1.5.19).
        """
        number = self.most_urgent()
        limit = self._execution_priority(ignoring_primask=not self.waits_for_event)
        if number is not None and self.group_priority(number) < limit:
            return True
        return self.waits_for_event and self._engine.watched.event

    def wake_up(self) -> None:
        """The sleep is over; the event that a WFE has waited for is used up."""
        if self.waits_for_event:
            self._engine.watched.event = False

    def _interrupt_became_pending(self) -> None:
        if self.wakes_on_pending:
            self._engine.watched.event = True

    # ---- ways in

    def take_fault(self, fault: Fault, pc: int, address: int = 0) -> int:
        """Record a fault and enter its handler, or HardFault's; the address to go on from."""
        if fault is Fault.DATA_BUS and self._protected(address):
            fault = Fault.DATA_ACCESS
        if fault is Fault.DATA_BUS and self.ignores_bus_faults and self._execution_priority() < 0:
            return pc + self._engine.instruction_size(pc)
        self.faults.record(fault, address)
        return self._enter_or_lock_up(self._escalate(fault.exception), pc)

    def supervisor_call(self, pc: int) -> int:
        """SVC; where its priority does not allow it, a HardFault."""
        return self._enter_or_lock_up(self._escalate(SVCALL), pc)

    def breakpoint_without_debugger(self, pc: int) -> int:
        """BKPT with nobody to take it: the debug monitor's, where it is enabled, or a HardFault."""
        if DEBUG_MONITOR in self.enabled and self.group_priority(DEBUG_MONITOR) < self._execution_priority():
            return self._enter(DEBUG_MONITOR, pc)
        self.faults.note_debug_event()
        return self._enter_or_lock_up(HARD_FAULT, pc)

    def _protected(self, address: int) -> bool:
        allows, privileged = self.protection.allows, self._core.privileged
        return not allows(address, write=False, privileged=privileged)

    def _escalate(self, number: int) -> int:
        """The exception that takes a fault or a supervisor call now: itself, or HardFault."""
        if number == HARD_FAULT:
            return number
        exists = self.architecture.configurable_faults or number == SVCALL
        if exists and number in self.enabled and self.group_priority(number) < self._execution_priority():
            return number
        self.faults.note_escalation()
        return HARD_FAULT

    def _enter_or_lock_up(self, number: int, pc: int) -> int:
        if number == HARD_FAULT and self._execution_priority() <= _HIGHEST_HANDLED:
            return self._lock_up()
        return self._enter(number, pc)

    def _lock_up(self) -> int:
        self.locked_up = True
        return LOCKUP_ADDRESS

    def _preempt(self, number: int, pc: int) -> int:
        """Enter an exception that nothing which ran has caused."""
        blocks, entered = self._unbroken
        if blocks != self._engine.clock.state.blocks:
            return self._enter(number, pc)
        if entered:
            # A late arrival: the frame on the stack serves it, and what was entered before goes back to waiting.
            late = self.active.pop()
            self.pending.add(late)
            return self._begin(number, self._core.registers[14], 0)
        # The return to what was interrupted is abandoned: what was unstacked is on the stack still.
        return self._enter(number, pc, self.costs.tail_chain)

    def _enter(self, number: int, pc: int, cycles: int | None = None) -> int:
        core = self._core
        returns = ExceptionReturn(core.handler_mode, core.on_process_stack, bool(core.control & FLOAT_CONTEXT))
        fault, floats_saved = self.frames.push(pc)
        if fault is not None:
            number = self._derive(fault, number)
        spent = (self.costs.entry if cycles is None else cycles) + (self.costs.float_stacking if floats_saved else 0)
        return self._begin(number, self.architecture.exception_return(returns), spent)

    def _derive(self, fault: Fault, number: int) -> int:
        """A fault while stacking: the more urgent of it and the exception that was to be entered; the other waits."""
        self.faults.record(fault, 0)
        derived = self._escalate(fault.exception)
        taken, waits = derived, number
        if self.group_priority(derived) > self.group_priority(number):
            taken, waits = number, derived
        if waits != taken:
            self.pending.add(waits)
        return taken

    def _begin(self, number: int, link: int, cycles: int) -> int:
        """Go to a handler, whatever was stacked."""
        core = self._core
        self.pending.discard(number)
        main, process = core.stack_pointers()
        core.set_control(core.control & _UNPRIVILEGED)
        core.set_program_status(core.program_status() & _FLAGS | _THUMB | number)
        core.set_stack_pointers(main, process)
        core.registers[14] = link
        core.clear_exclusive()
        core.refresh()
        self.active.append(number)
        self._engine.watched.event = True
        self._engine.clock.state.cycles += cycles
        return self._jump_to_handler(number)

    def _jump_to_handler(self, number: int) -> int:
        slot = self.vector_table + 4 * number
        if self._engine.memory_at(slot, 4) is None:
            self.faults.note_vector_fault()
            return self._lock_up() if number in (NMI, HARD_FAULT) else self._replace(HARD_FAULT)
        (vector,) = struct.unpack("<I", self._engine.read(slot, 4))
        self._engine.clock.jump(vector & ~1)
        self._unbroken = (self._engine.clock.state.blocks, True)
        if not vector & 1:
            return self.take_fault(Fault.INVALID_STATE, vector)
        return int(vector) & ~1

    def _replace(self, number: int) -> int:
        """Go to another handler than the one that was just entered."""
        self.active.pop()
        return self._begin(number, self._core.registers[14], 0)

    def _floats_saved(self, fault: Fault | None) -> None:
        self._engine.clock.state.cycles += self.costs.float_stacking
        if fault is not None:
            lazy = Fault.LAZY_STACKING if fault is Fault.STACKING else Fault.PROTECTED_LAZY_STACKING
            self.faults.record(lazy, 0)
            self.pending.add(self._escalate(lazy.exception))
            self._engine.interrupt()

    # ---- way out

    def leave(self, exc_return: int) -> int:
        """Return from the active exception; the address to go on from."""
        core = self._core
        number = self.current
        target = self.architecture.parse(exc_return)
        if number not in self.active:
            return self._refuse(exc_return)
        self.active.remove(number)
        if number != NMI:
            core.system.faultmask[0] = 0
        if target is None or not self._may_return(target):
            return self._refuse(exc_return)
        self._engine.watched.event = True
        waiting = self.most_urgent()
        if waiting is not None and self.group_priority(waiting) < self._execution_priority():
            return self._begin(waiting, exc_return, self.costs.tail_chain)
        return self._unstack(target, exc_return)

    def _may_return(self, target: ExceptionReturn) -> bool:
        if target.to_handler:
            return bool(self.active)
        return not self.active or self.architecture.version == 8 or self.returns_to_thread_from_anywhere

    def _refuse(self, exc_return: int) -> int:
        """A return that is none: a fault on the way, with nothing unstacked."""
        return self._chain_fault(Fault.INVALID_PC, exc_return)

    def _chain_fault(self, fault: Fault, exc_return: int) -> int:
        self.faults.record(fault, 0)
        number = self._escalate(fault.exception)
        if number == HARD_FAULT and self._execution_priority() <= _HIGHEST_HANDLED:
            return self._lock_up()
        return self._begin(number, exc_return, self.costs.tail_chain)

    def _unstack(self, target: ExceptionReturn, exc_return: int) -> int:
        core = self._core
        stack = core.stack_pointers()[1 if target.process_stack else 0]
        privileged = target.to_handler or not core.control & _UNPRIVILEGED
        frame = self.frames.find(stack, floats=target.floats, privileged=privileged)
        if isinstance(frame, Fault):
            return self._chain_fault(frame, exc_return)
        agrees = bool(frame.status & _NUMBER) == target.to_handler
        if not agrees and self.architecture.version == 8:
            return self._refuse(exc_return)
        self._resume(target, frame)
        clock = self._engine.clock
        clock.state.cycles += self.costs.exit + (self.costs.float_unstacking if target.floats and frame.floats else 0)
        clock.jump(frame.pc & ~1)
        self._unbroken = (clock.state.blocks, False)
        if not agrees:
            return self.take_fault(Fault.INVALID_PC, frame.pc & ~1)
        if not frame.status & _THUMB:
            return self.take_fault(Fault.INVALID_STATE, frame.pc & ~1)
        self._sleep_requested = self.sleeps_on_exit and not target.to_handler
        return frame.pc & ~1

    def _resume(self, target: ExceptionReturn, frame: Frame) -> None:
        core = self._core
        main, process = core.stack_pointers()
        main, process = (main, frame.end) if target.process_stack else (frame.end, process)
        self.frames.restore(frame, floats=target.floats)
        core.set_program_status(frame.status if frame.status & _THUMB else frame.status | _THUMB)
        stack = _PROCESS_STACK if target.process_stack else 0
        core.set_control(core.control & _UNPRIVILEGED | stack | (FLOAT_CONTEXT if target.floats else 0))
        core.set_stack_pointers(main, process)
        core.clear_exclusive()
        core.refresh()
