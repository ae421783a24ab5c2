"""The processor and its memories: Unicorn, with the native clock hook, stopping wherever an event needs attention."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.board.virtual.address_translation import AddressTranslation, may_execute
from harness.board.virtual.alignment import AlignmentCheck
from harness.board.virtual.block_clock import NEVER, BlockClock
from harness.board.virtual.core_state import CoreState
from harness.board.virtual.events import Cause, Event, Fault
from harness.board.virtual.instruction_watch import InstructionWatch
from harness.board.virtual.native_hook import load_hook, native_hook
from harness.board.virtual.native_registers import Receiver, map_registers
from harness.board.virtual.native_state import ClockState
from harness.board.virtual.run_end import InvalidInstruction, from_interrupt
from harness.board.virtual.timing.block import TimingModel
from harness.board.virtual.timing.instruction import Instruction
from harness.deploy.target import Core

_NOWHERE = 0xFFFF_FFFE
_EXCEPTION_RETURN = 0xFFFF_FF00

ReadRegister = Callable[[int, int], int]
WriteRegister = Callable[[int, int, int], None]
ProtectedWrite = Callable[[int, int, int], None]


@dataclass(frozen=True)
class MappedMemory:
    """A memory of the map; `buffer` holds its bytes, from `offset` on."""

    origin: int
    size: int
    writable: bool
    buffer: mmap.mmap
    offset: int = 0

    def holds(self, address: int, size: int = 1) -> bool:
        """Whether an access lies in it as a whole."""
        return self.origin <= address and address + size <= self.origin + self.size


class Engine:
    """One core with memories, registers and a cycle clock; knows nothing of exceptions, peripherals or debug.

    A run ends between basic blocks when it ends by its deadline, so that the cycles counted never depend on where.

    Attributes:
        state: the core's system registers, where Unicorn's interface has none.
        watched: instructions that concern more than the core's registers and memory.
        write_protected: called with (address, bytes, value) for stores to read-only memory, which are dropped.
    """

    def __init__(self, core: Core, timing: TimingModel) -> None:
        import unicorn as uc
        from unicorn import arm_const as arm

        models = {
            Core.CORTEX_M0PLUS: arm.UC_CPU_ARM_CORTEX_M0,
            Core.CORTEX_M4: arm.UC_CPU_ARM_CORTEX_M4,
            Core.CORTEX_M7: arm.UC_CPU_ARM_CORTEX_M7,
            Core.CORTEX_M33: arm.UC_CPU_ARM_CORTEX_M33,
        }
        self._unicorn = uc
        # Not UC_MODE_MCLASS: that one silently replaces the core by a Cortex-M33.
        self.uc: Final[Any] = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB, cpu=models[core])
        self.memories: Final[list[MappedMemory]] = []
        self.write_protected: ProtectedWrite = lambda _address, _size, _value: None
        self.core: Final = core
        self.state: Final = CoreState(self.uc, core)
        self._float_unit_enabled = self._translate_anew = False
        self._event: Event | None = None
        self._access = 0
        self._breakpoints: dict[int, int] = {}
        self._kept: list[object] = []
        self._resumed_at = self._passing = -1
        hook = load_hook()
        self.clock: Final = BlockClock(timing, self.read)
        self.clock.may_run = self._may_run
        self.clock.state.registers = self.state.address
        deadline = ctypes.addressof(self.clock.state) + ClockState.deadline.offset
        self.watched: Final = InstructionWatch(self.uc, hook.on_watched, self.state, deadline, self.read)
        self._alignment: Final = AlignmentCheck(self.uc, self.state, self.clock, always=core is Core.CORTEX_M0PLUS)
        self._invalid_instruction: Final = InvalidInstruction(self.state, self.read)
        self.state.enable_float_unit(False)
        native_hook(self.uc, uc.UC_HOOK_BLOCK, hook.on_block, ctypes.byref(self.clock.state), 1, 0)
        self.uc.hook_add(uc.UC_HOOK_INTR, self._on_interrupt)
        self._translation: Final = AddressTranslation(
            self.uc, hook.on_translate, self._on_invalid_access, self.state.it_state_address
        )
        self.state.on_protection = self._translation.protect

    # ---- memory map

    def map_memory(
        self, origin: int, size: int, *, writable: bool, alias: MappedMemory | None = None, offset: int = 0
    ) -> MappedMemory:
        """Map a memory; with `alias`, the bytes of that one from `offset` on once more at another address."""
        uc = self._unicorn
        buffer = alias.buffer if alias else mmap.mmap(-1, size)
        pointer = ctypes.addressof(ctypes.c_char.from_buffer(buffer)) + offset
        protection = uc.UC_PROT_ALL if writable else uc.UC_PROT_READ | uc.UC_PROT_EXEC
        self.uc.mem_map_ptr(origin, size, protection, pointer)
        memory = MappedMemory(origin, size, writable, buffer, offset)
        self.memories.append(memory)
        if writable:
            self._translation.add_ram(origin, size)
        return memory

    def map_registers(
        self, origin: int, size: int, read: ReadRegister, write: WriteRegister, receiver: Receiver
    ) -> None:
        """Hand every access of an address range to two functions: (address, bytes) and (address, bytes, value); reads
        that the receiver can answer are answered natively.
        """
        self._kept.append(map_registers(self.uc, origin, size, read, write, receiver))

    def memory_at(self, address: int, size: int = 1) -> MappedMemory | None:
        """The memory that holds these bytes."""
        return next((memory for memory in self.memories if memory.holds(address, size)), None)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of a memory; the caller has checked that they exist."""
        return bytes(self.uc.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Change a memory, protected or not, and forget what was translated and timed from those addresses."""
        if data:
            self.uc.mem_write(address, data)
            self.forget_code(address, len(data))

    def forget_code(self, address: int, size: int) -> None:
        """Translate and time these addresses anew when next run."""
        if self._translation.may_hold_code(address, size):
            if self._translation.protected:
                # Unicorn would look the page up as for a fetch, and have the next block take the fault of that.
                self._translate_code_anew()
            else:
                self.uc.ctl_remove_cache(address, address + size)
            self.clock.forget(address, size)

    def forget_all_code(self) -> None:
        """Time all code anew, and take all RAM for data, as after a reset; not while code runs."""
        self._translation.forget_code()
        self._alignment.forget()
        for memory in self.memories:
            # Firmware may copy other code into RAM, which the clock does not see; and branch history starts anew.
            self.clock.forget(memory.origin, memory.size)

    # ---- what faults; each is carried out at the next basic block, and may be called from register functions

    @property
    def float_unit_enabled(self) -> bool:
        """As CPACR says; without, floating point instructions fault."""
        return self._float_unit_enabled

    @float_unit_enabled.setter
    def float_unit_enabled(self, enabled: bool) -> None:
        if enabled != self._float_unit_enabled:
            self._float_unit_enabled = enabled
            self.state.enable_float_unit(enabled)
            self._translate_code_anew()

    def trap_division_by_zero(self, enabled: bool) -> None:
        """Make a division by zero a fault (CCR.DIV_0_TRP) instead of zero."""
        self.watched.trap_divisions(enabled)
        self.interrupt()

    def trap_unaligned_accesses(self, enabled: bool) -> None:
        """Make unaligned accesses of words and half-words faults (CCR.UNALIGN_TRP)."""
        if enabled and not self._alignment.traps_all:
            self._translate_code_anew()
        self._alignment.trap_all(enabled)

    def _translate_code_anew(self) -> None:
        self._translate_anew = True
        self.interrupt()

    # ---- running

    def run(self, pc: int, deadline: int) -> Event:
        """Run from `pc` until the clock reaches `deadline` cycles or an event ends the run earlier."""
        if pc >= _EXCEPTION_RETURN:
            return Event(Cause.FAULT, pc, Fault.INSTRUCTION_BUS)
        self._prepare()
        self.clock.state.deadline, self.clock.state.stopped = deadline, 0
        event = self._start(pc, 0)
        self.watched.install(self.forget_code)
        return event

    def step(self, pc: int) -> Event:
        """Run one instruction."""
        while True:
            self._prepare()
            self.clock.state.deadline, self.clock.state.stopped = NEVER, 0
            event = self._start(pc, 1)
            if not self.watched.install(self.forget_code):
                return event

    def interrupt(self) -> None:
        """End the run at the next basic block; may be called from register functions and from other threads."""
        self.clock.state.deadline = 0

    def watch(self, addresses: set[int]) -> None:
        """Stop in front of these instructions, and no others."""
        self._passing = self._passing if self._passing in addresses else -1
        for address in set(self._breakpoints) - addresses:
            self.uc.hook_del(self._breakpoints.pop(address))
            self.uc.ctl_remove_cache(address, address + 4)
        for address in addresses - set(self._breakpoints):
            hook = self.uc.hook_add(self._unicorn.UC_HOOK_CODE, self._on_breakpoint, begin=address, end=address)
            self._breakpoints[address] = hook
            self.uc.ctl_remove_cache(address, address + 4)

    def pass_breakpoint(self, address: int) -> None:
        """Do not stop when next in front of this instruction: a debugger goes on from there."""
        self._passing = address if address in self._breakpoints else -1

    def program_counter(self) -> int:
        """Where the last run ended, without the Thumb bit."""
        from unicorn import arm_const as arm

        return int(self.uc.reg_read(arm.UC_ARM_REG_PC)) & ~1

    def _prepare(self) -> None:
        """Carry out what concerns code that is translated already."""
        if self._translate_anew:
            self.uc.ctl_flush_tb()
            self._translate_anew = False
        if self.watched.switch():
            for memory in self.memories:
                self.forget_code(memory.origin, memory.size)

    def _start(self, pc: int, count: int) -> Event:
        event = self._attempt(pc, count)
        while event.fault is Fault.UNALIGNED and not self._alignment.is_fault(self._code(event.pc), event.address):
            self._alignment.tolerate(event.pc)
            self.clock.continue_block()
            event = self._attempt(event.pc, count)
        return event

    def _attempt(self, pc: int, count: int) -> Event:
        self._event, self._resumed_at = None, pc
        try:
            self.uc.emu_start(pc | 1, _NOWHERE, count=count)
        except self._unicorn.UcError as error:
            return self._event or self._failed(error.errno)
        if self._event is not None and self._event.fault is Fault.NO_COPROCESSOR:
            enabled = self._float_unit_enabled
            fault = self._invalid_instruction.without_coprocessor(self._event.pc, float_unit_enabled=enabled)
            return replace(self._event, fault=fault)
        if self._event is not None:
            return self._event
        now = self.program_counter()
        if self.watched.take_trap():
            return Event(Cause.FAULT, now, Fault.DIVIDE_BY_ZERO)
        return Event(Cause.DEADLINE if self.clock.state.stopped or count else Cause.WAIT, now)

    def _failed(self, error: int) -> Event:
        """Unicorn's error as an architectural fault."""
        uc, pc = self._unicorn, self.program_counter()
        if error in (uc.UC_ERR_FETCH_UNMAPPED, uc.UC_ERR_FETCH_PROT):
            return Event(Cause.FAULT, pc, Fault.INSTRUCTION_BUS)
        if error not in (uc.UC_ERR_INSN_INVALID, uc.UC_ERR_EXCEPTION):
            return Event(Cause.FAULT, pc, Fault.DATA_BUS, self._access)
        if error == uc.UC_ERR_EXCEPTION and not may_execute(pc):
            return Event(Cause.FAULT, pc, Fault.EXECUTE_NEVER)
        is_over = pc == self.clock.state.fall_through and pc != self._resumed_at
        return self._invalid_instruction.event(pc, block_is_over=is_over)

    def instruction_size(self, pc: int) -> int:
        """2 or 4 bytes."""
        return 4 if int.from_bytes(self.read(pc, 2), "little") >> 11 in (0b11101, 0b11110, 0b11111) else 2

    def _code(self, pc: int) -> bytes:
        return self.read(pc, 4) if self.memory_at(pc, 4) else self.read(pc, 2) + bytes(2)

    # ---- hooks

    def _may_run(self, block: Sequence[Instruction]) -> bool:
        return not self.watched.want(block)

    def _on_interrupt(self, _uc: Any, number: int, _data: Any) -> None:
        from unicorn import arm_const as arm

        self._event = from_interrupt(number, self.uc.reg_read(arm.UC_ARM_REG_PC), self.state)
        self.uc.emu_stop()

    def _on_invalid_access(self, _uc: Any, access: int, address: int, size: int, value: int, _data: Any) -> bool:
        self._access = address
        if access == self._unicorn.UC_MEM_WRITE_PROT:
            self.write_protected(address, size, value)
            self.state.go_on_in_block()
            return True
        return False

    def _on_breakpoint(self, _uc: Any, address: int, _size: int, _data: Any) -> None:
        if address == self._passing:
            self._passing = -1
        else:
            self._event = Event(Cause.BREAKPOINT, address)
            self.uc.emu_stop()
