"""Cortex-M4: three stages, one instruction a cycle, loads that pipeline, a fetch queue that 32-bit code can starve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.board.virtual.timing.block import Transitions
from harness.board.virtual.timing.instruction import Instruction, Kind
from harness.board.virtual.timing.parameters import CortexM4Timing, load_parameters

_LOADS = (Kind.LOAD, Kind.FLOAT_LOAD)
_STORES = (Kind.STORE, Kind.FLOAT_STORE)
_ACCESSES = _LOADS + _STORES
_WORDS = (Kind.LOAD_MULTIPLE, Kind.LOAD_MULTIPLE_PC, Kind.STORE_MULTIPLE)
_ADDRESS_USERS = (*_ACCESSES, Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE, Kind.TABLE_BRANCH)
_ADDRESS_MAKERS = (Kind.ALU, Kind.SIMD, Kind.MULTIPLY, Kind.SYSTEM)
_FLOATS = (Kind.FLOAT, Kind.FLOAT_MAC)
_FLOAT_USERS = (Kind.FLOAT, Kind.FLOAT_MAC, Kind.FLOAT_MOVE_TWO)
# Instructions after which the decoder has drained the fetch queue, even when they took one cycle.
_DRAINS = (*_LOADS, *_WORDS)


class CortexM4:
    """The rules of `lab/cores/cortex-m4.yaml`, applied to one basic block."""

    def __init__(self, timing: CortexM4Timing | None = None) -> None:
        self._timing: Final = timing or load_parameters("cortex-m4", CortexM4Timing)
        self.transitions = Transitions(
            predicts_branches=False,
            taken=self._timing.taken_branch,
            indirect=self._timing.taken_branch,
            mispredicted=0,
            pipelined_load_saves=self._timing.pipelined_load_saves,
        )

    def cycles(self, block: Sequence[Instruction]) -> int:
        """What the block costs by itself, branches not taken."""
        total = 0
        before: Instruction | None = None
        for position, instruction in enumerate(block):
            cost = self._alone(instruction, before)
            if before is not None:
                cost += self._after(instruction, before)
            total += cost + self._fetch_stall(instruction, cost, block[position + 1 : position + 4])
            before = instruction
        return total

    def _alone(self, instruction: Instruction, before: Instruction | None) -> int:
        t, kind = self._timing, instruction.kind
        double = t.double_load_extra if instruction.double else 0
        if kind in _LOADS:
            return t.load + double
        if kind is Kind.STORE:
            return t.register_offset_store if instruction.register_offset else t.store
        if kind is Kind.FLOAT_STORE:
            return t.float_store + double
        if kind in _WORDS:
            return t.multiple_base + instruction.registers
        if kind is Kind.IT:
            return t.it_after_32_bit if before is not None and before.size == 4 else 0
        fixed = {
            Kind.LOAD_PC: t.load,
            Kind.FLOAT_MAC: t.float_mac,
            Kind.FLOAT_DIVIDE: t.float_divide,
            Kind.FLOAT_MOVE_TWO: t.float_move_two,
            Kind.DIVIDE: t.divide,
            Kind.TABLE_BRANCH: t.table_branch,
            Kind.BARRIER: t.barrier,
            Kind.SYSTEM: t.system,
        }
        return fixed.get(kind, 1)

    def _after(self, instruction: Instruction, before: Instruction) -> int:
        """What the instruction before changes."""
        t, kind, cost = self._timing, instruction.kind, 0
        if kind in _ACCESSES and before.kind in _LOADS:
            if not _needs_loaded_value(instruction, before):
                cost -= t.pipelined_load_saves
        elif kind in _LOADS and before.kind in _STORES:
            cost += t.load_after_store
        if kind in _ADDRESS_USERS and before.kind in _ADDRESS_MAKERS and _shares(before.written, instruction.address):
            cost += t.address_dependency
        if kind in _FLOAT_USERS and before.kind in _FLOATS and _shares(before.written, instruction.read):
            cost += t.float_dependency
        return cost

    def _fetch_stall(self, instruction: Instruction, cost: int, following: Sequence[Instruction]) -> int:
        if cost <= 1 and not (instruction.kind in _DRAINS and cost == 1):
            return 0
        if not following or not following[0].straddles or following[0].kind in _ACCESSES:
            return 0
        run = len(following) == 3 and all(one.straddles for one in following)
        return self._timing.straddling_fetch + (self._timing.straddling_run if run else 0)


def _needs_loaded_value(instruction: Instruction, load: Instruction) -> bool:
    """An address that the load before delivers; its updated base register is there in time."""
    loaded = (one for one in load.written if not (load.writeback and one == load.base))
    return _shares(tuple(loaded), instruction.address)


def _shares(some: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return any(one in others for one in some)
