"""Stacking and unstacking (Armv7-M ARM B1.5.6, B1.5.8): the caller-saved registers, on the stack in use."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from harness.board.virtual.architecture import Architecture
from harness.board.virtual.core_state import CoreState
from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Fault
from harness.board.virtual.float_context import WORDS, FloatContext
from harness.board.virtual.memory_protection import MemoryProtection

BASIC_FRAME = 0x20
FLOAT_FRAME = BASIC_FRAME + 4 * WORDS
FLOAT_CONTEXT = 1 << 2
_PADDED = 1 << 9
_CALLER_SAVED = (0, 1, 2, 3, 12, 14)


@dataclass(frozen=True)
class Frame:
    """What was found on the stack.

    Attributes:
        end: the stack pointer behind it.
    """

    registers: tuple[int, ...]
    pc: int
    status: int
    end: int
    floats: bytes


class StackMemory:
    """Memory as the core reaches it by itself."""

    def __init__(self, engine: Engine, protection: MemoryProtection) -> None:
        """Access an engine's memories, where the protection allows it."""
        self._engine: Final = engine
        self._protection: Final = protection

    def write(self, address: int, data: bytes, privileged: bool) -> Fault | None:
        """Store words; the fault that kept it from being done."""
        if not self._allowed(address, len(data), write=True, privileged=privileged):
            return Fault.PROTECTED_STACKING
        memory = self._engine.memory_at(address, len(data))
        if memory is None or not memory.writable:
            return Fault.STACKING
        self._engine.uc.mem_write(address, data)
        return None

    def read(self, address: int, size: int, privileged: bool) -> bytes | Fault:
        """Load words, or the fault that kept it from being done."""
        if not self._allowed(address, size, write=False, privileged=privileged):
            return Fault.PROTECTED_UNSTACKING
        return self._engine.read(address, size) if self._engine.memory_at(address, size) else Fault.UNSTACKING

    def _allowed(self, address: int, size: int, *, write: bool, privileged: bool) -> bool:
        if not self._protection.enabled:
            return True
        ends = (address, address + size - 4)
        return all(self._protection.allows(one, write=write, privileged=privileged) for one in ends)


class FrameStacker:
    """Pushes and pops frames.

    Attributes:
        aligns: CCR.STKALIGN: frames begin at a multiple of 8.
    """

    def __init__(self, core: CoreState, memory: StackMemory, floats: FloatContext, architecture: Architecture) -> None:
        """Work on the stacks of a core."""
        self._core: Final = core
        self._memory: Final = memory
        self._floats: Final = floats
        self._has_limits: Final = architecture.stack_limits
        self.aligns = True

    def push(self, pc: int) -> tuple[Fault | None, bool]:
        """Stack the registers with `pc` to go on from: what went wrong, and whether floating point state was saved.

        The stack pointer moves in any case, but not below its limit.
        """
        core = self._core
        with_floats = bool(core.control & FLOAT_CONTEXT)
        stack, size = core.registers[13], FLOAT_FRAME if with_floats else BASIC_FRAME
        aligns = self.aligns or with_floats
        frame = (stack - size & 0xFFFF_FFFF) & (~7 if aligns else ~3)
        if frame < self._limit():
            core.registers[13] = self._limit()
            return Fault.STACK_LIMIT, False
        status = core.program_status() | (_PADDED if aligns and stack & 4 else 0)
        values = [core.registers[number] for number in _CALLER_SAVED]
        core.registers[13] = frame
        privileged = core.privileged
        fault = self._memory.write(frame, struct.pack("<8I", *values, pc & ~1, status), privileged)
        if fault or not with_floats:
            return fault, False
        where = frame + BASIC_FRAME
        return self._floats.reserve_or_save(where, privileged=privileged, from_thread=not core.handler_mode)

    def find(self, frame: int, *, floats: bool, privileged: bool) -> Frame | Fault:
        """What lies on a stack, or the fault that kept it from being read."""
        loads_floats = floats and not self._floats.pending_save
        data = self._memory.read(frame, FLOAT_FRAME if loads_floats else BASIC_FRAME, privileged)
        if isinstance(data, Fault):
            return data
        *registers, pc, status = struct.unpack_from("<8I", data)
        end = frame + (FLOAT_FRAME if floats else BASIC_FRAME) + (4 if status & _PADDED else 0)
        return Frame(tuple(registers), pc, status & ~_PADDED, end & 0xFFFF_FFFF, data[BASIC_FRAME:])

    def restore(self, frame: Frame, *, floats: bool) -> None:
        """Load what was found, but for the stack pointer."""
        for number, value in zip(_CALLER_SAVED, frame.registers, strict=True):
            self._core.registers[number] = value
        if floats and frame.floats:
            self._floats.restore(frame.floats)
        elif floats:
            self._floats.drop_pending_save()

    def _limit(self) -> int:
        if not self._has_limits:
            return 0
        system = self._core.system
        return int((system.psplim if self._core.on_process_stack else system.msplim)[0])
