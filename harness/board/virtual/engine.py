"""The processor and its memories: Unicorn, with the native clock hook, stopping wherever an event needs attention."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.board.virtual.block_clock import NEVER, BlockClock
from harness.board.virtual.cpu_state import registers_address
from harness.board.virtual.division_trap import DivisionTrap
from harness.board.virtual.events import Cause, Event, Fault
from harness.board.virtual.native_hook import load_hook, native_hook
from harness.board.virtual.native_registers import Receiver, map_registers
from harness.board.virtual.timing.block import TimingModel
from harness.board.virtual.timing.instruction import Instruction
from harness.deploy.target import Core

_NOWHERE = 0xFFFF_FFFE
_EXCEPTION_RETURN = 0xFFFF_FF00
_WFE, _YIELD = b"\x20\xbf", b"\x10\xbf"
_INTERRUPT_SVC, _INTERRUPT_FETCH, _INTERRUPT_BKPT, _INTERRUPT_RETURN = 2, 3, 7, 8

ReadRegister = Callable[[int, int], int]
WriteRegister = Callable[[int, int, int], None]
ProtectedWrite = Callable[[int, int, int], None]


@dataclass(frozen=True)
class MappedMemory:
    """A memory of the map; `buffer` holds its bytes."""

    origin: int
    size: int
    writable: bool
    buffer: mmap.mmap

    def holds(self, address: int, size: int = 1) -> bool:
        """Whether an access lies in it as a whole."""
        return self.origin <= address and address + size <= self.origin + self.size


class Engine:
    """One core with memories, registers and a cycle clock; knows nothing of exceptions, peripherals or debug.

    A run ends between basic blocks when it ends by its deadline, so that the cycles counted never depend on where.

    Attributes:
        write_protected: called with (address, bytes, value) for stores to read-only memory, which are dropped.
        float_unit_enabled: as CPACR says; without, floating point instructions fault.
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
        self.float_unit_enabled = False
        self._event: Event | None = None
        self._access = 0
        self._breakpoints: dict[int, int] = {}
        self._kept: list[object] = []
        self._resumed_at = -1
        hook = load_hook()
        self.clock: Final = BlockClock(timing, self.read)
        self.clock.may_run = self._may_run
        self.clock.state.registers = registers_address(self.uc)
        self.divisions: Final = DivisionTrap(self.uc, hook, self.clock.disassembler, self.forget_code)
        native_hook(self.uc, uc.UC_HOOK_BLOCK, hook.on_block, ctypes.byref(self.clock.state), 1, 0)
        self.uc.hook_add(uc.UC_HOOK_INTR, self._on_interrupt)
        self.uc.hook_add(uc.UC_HOOK_MEM_INVALID, self._on_invalid_access)

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
        memory = MappedMemory(origin, size, writable, buffer)
        self.memories.append(memory)
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
        self.uc.ctl_remove_cache(address, address + size)
        self.clock.forget(address, size)

    def trap_division_by_zero(self, enabled: bool) -> None:
        """Make a division by zero a fault (CCR.DIV_0_TRP) instead of zero, from the next basic block on."""
        self.divisions.enable(enabled)
        self.interrupt()

    # ---- running

    def run(self, pc: int, deadline: int) -> Event:
        """Run from `pc` until the clock reaches `deadline` cycles or an event ends the run earlier."""
        if pc >= _EXCEPTION_RETURN:
            return Event(Cause.FAULT, pc, Fault.INSTRUCTION_BUS)
        if self.divisions.switched():
            for memory in self.memories:
                self.forget_code(memory.origin, memory.size)
        self.clock.state.deadline, self.clock.state.stopped = deadline, 0
        event = self._start(pc, 0)
        self.divisions.install()
        return self._reach(event) if event.fault is Fault.NO_COPROCESSOR else event

    def step(self, pc: int) -> Event:
        """Run one instruction."""
        self.clock.state.deadline, self.clock.state.stopped = NEVER, 0
        return self._start(pc, 1)

    def interrupt(self) -> None:
        """End the run at the next basic block; may be called from register functions and from other threads."""
        self.clock.state.deadline = 0

    def watch(self, addresses: set[int]) -> None:
        """Stop in front of these instructions, and no others."""
        for address in set(self._breakpoints) - addresses:
            self.uc.hook_del(self._breakpoints.pop(address))
            self.uc.ctl_remove_cache(address, address + 4)
        for address in addresses - set(self._breakpoints):
            hook = self.uc.hook_add(self._unicorn.UC_HOOK_CODE, self._on_breakpoint, begin=address, end=address)
            self._breakpoints[address] = hook
            self.uc.ctl_remove_cache(address, address + 4)

    def program_counter(self) -> int:
        """Where the last run ended, without the Thumb bit."""
        from unicorn import arm_const as arm

        return int(self.uc.reg_read(arm.UC_ARM_REG_PC)) & ~1

    def _start(self, pc: int, count: int) -> Event:
        self._event, self._resumed_at = None, pc
        try:
            self.uc.emu_start(pc | 1, _NOWHERE, count=count)
        except self._unicorn.UcError as error:
            return self._event or self._failed(error.errno)
        if self._event is not None:
            return self._event
        now = self.program_counter()
        if self.divisions.trapped():
            return Event(Cause.FAULT, now, Fault.DIVIDE_BY_ZERO)
        return Event(Cause.DEADLINE if self.clock.state.stopped or count else Cause.WAIT, now)

    def _failed(self, error: int) -> Event:
        """Unicorn's error as an architectural fault."""
        from unicorn import arm_const as arm

        uc, pc = self._unicorn, self.program_counter()
        if error in (uc.UC_ERR_FETCH_UNMAPPED, uc.UC_ERR_FETCH_PROT):
            return Event(Cause.FAULT, pc, Fault.INSTRUCTION_BUS)
        if error != uc.UC_ERR_INSN_INVALID:
            return Event(Cause.FAULT, pc, Fault.DATA_BUS, self._access)
        if not self.uc.reg_read(arm.UC_ARM_REG_XPSR) & (1 << 24):
            return Event(Cause.FAULT, pc, Fault.INVALID_STATE)
        # Unicorn takes the hints WFE and YIELD for errors, behind the instruction; both may do nothing.
        if pc != self._resumed_at and self.read(pc - 2, 2) in (_WFE, _YIELD):
            return Event(Cause.DEADLINE, pc)
        return Event(Cause.FAULT, pc, Fault.UNDEFINED_INSTRUCTION)

    def _reach(self, fault: Event) -> Event:
        """Run what comes before the floating point instruction of a block that was stopped as a whole."""
        self.float_unit_enabled = True
        start = pc = self.program_counter()
        event = Event(Cause.DEADLINE, pc)
        while event.pc != fault.pc and event.cause is Cause.DEADLINE:
            event = self.step(event.pc)
        self.float_unit_enabled = False
        self.forget_code(start, fault.pc - start + 4)
        return fault if event.cause is Cause.DEADLINE else event

    # ---- hooks

    def _may_run(self, block: Sequence[Instruction]) -> bool:
        if not self.float_unit_enabled and (user := next((one for one in block if one.operation.floating), None)):
            self._event = Event(Cause.FAULT, user.location, Fault.NO_COPROCESSOR)
            return False
        return not self.divisions.want(block)

    def _on_interrupt(self, _uc: Any, number: int, _data: Any) -> None:
        from unicorn import arm_const as arm

        pc = self.uc.reg_read(arm.UC_ARM_REG_PC)
        if number == _INTERRUPT_SVC:
            self._event = Event(Cause.SUPERVISOR_CALL, pc & ~1)
        elif number == _INTERRUPT_BKPT:
            self._event = Event(Cause.BREAKPOINT, pc & ~1)
        elif number == _INTERRUPT_RETURN or (number == _INTERRUPT_FETCH and pc >= _EXCEPTION_RETURN):
            self._event = Event(Cause.EXCEPTION_RETURN, pc | 1)
        elif number == _INTERRUPT_FETCH:
            self._event = Event(Cause.FAULT, pc & ~1, Fault.EXECUTE_NEVER)
        else:
            self._event = Event(Cause.FAULT, pc & ~1, Fault.UNDEFINED_INSTRUCTION)
        self.uc.emu_stop()

    def _on_invalid_access(self, _uc: Any, access: int, address: int, size: int, value: int, _data: Any) -> bool:
        self._access = address
        if access == self._unicorn.UC_MEM_WRITE_PROT:
            self.write_protected(address, size, value)
            return True
        return False

    def _on_breakpoint(self, _uc: Any, address: int, _size: int, _data: Any) -> None:
        if address == self._resumed_at:
            self._resumed_at = -1
        else:
            self._event = Event(Cause.BREAKPOINT, address)
            self.uc.emu_stop()
