"""Cortex-M4: three stages, one instruction a cycle, loads that pipeline, a fetch queue that 32-bit code can starve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.board.virtual.timing.block import BlockCost, Division, Transitions
from harness.board.virtual.timing.instruction import Instruction, Kind
from harness.board.virtual.timing.parameters import CortexM4Timing, load_parameters
from harness.board.virtual.timing.tally import Tally

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
        t = self._timing
        self._fixed: Final = {
            Kind.LOAD_PC: ("load", t.load),
            Kind.FLOAT_MAC: ("float", t.float_mac),
            Kind.FLOAT_DIVIDE: ("float", t.float_divide),
            Kind.FLOAT_MOVE_TWO: ("float", t.float_move_two),
            Kind.TABLE_BRANCH: ("load", t.table_branch),
            Kind.BARRIER: ("system", t.barrier),
            Kind.SYSTEM: ("system", t.system),
        }
        self.transitions = Transitions(
            predicts_branches=False,
            taken=self._timing.taken_branch,
            indirect=self._timing.taken_branch,
            mispredicted=0,
            pipelined_load_saves=self._timing.pipelined_load_saves,
            unaligned=self._timing.unaligned_access,
            division=Division(
                self._timing.divide_minimum,
                self._timing.divide_base,
                self._timing.divide_bits_per_cycle,
                self._timing.divide_maximum,
            ),
        )

    def cost(self, block: Sequence[Instruction]) -> BlockCost:
        """What the block costs by itself, branches not taken."""
        tally = Tally()
        before: Instruction | None = None
        for position, instruction in enumerate(block):
            began = tally.total
            tally.add("issue", 1)
            self._alone(instruction, before, tally)
            if before is not None:
                self._after(instruction, before, tally)
            self._fetch_stall(instruction, tally.total - began, block[position + 1 : position + 4], tally)
            before = instruction
        return tally.result()

    def _alone(self, instruction: Instruction, before: Instruction | None, tally: Tally) -> None:
        """What an instruction takes beside its cycle of issue."""
        t, kind = self._timing, instruction.kind
        double = t.double_load_extra if instruction.double else 0
        if kind in _LOADS:
            tally.add("load", t.load + double - 1)
        elif kind is Kind.STORE:
            tally.add("store", (t.register_offset_store if instruction.register_offset else t.store) - 1)
        elif kind is Kind.FLOAT_STORE:
            tally.add("store", t.float_store + double - 1)
        elif kind in _WORDS:
            tally.add("store" if kind is Kind.STORE_MULTIPLE else "load", t.multiple_base + instruction.registers - 1)
        elif kind is Kind.IT:
            tally.add("issue", (t.it_after_32_bit if before is not None and before.size == 4 else 0) - 1)
        elif kind is Kind.DIVIDE:
            tally.add("divide", t.divide - 1)
            tally.divisions[instruction.location] = t.divide
        elif kind in self._fixed:
            cause, cycles = self._fixed[kind]
            tally.add(cause, cycles - 1)

    def _after(self, instruction: Instruction, before: Instruction, tally: Tally) -> None:
        """What the instruction before changes."""
        t, kind = self._timing, instruction.kind
        if kind in _ACCESSES and before.kind in _LOADS:
            if not _needs_loaded_value(instruction, before):
                tally.add("load", -t.pipelined_load_saves)
                if kind in _LOADS:
                    tally.pipelined.add(instruction.location)
        elif kind in _LOADS and before.kind in _STORES:
            tally.add("load after store", t.load_after_store)
        if kind in _ADDRESS_USERS and before.kind in _ADDRESS_MAKERS and _shares(before.written, instruction.address):
            tally.add("address dependency", t.address_dependency)
        if kind in _FLOAT_USERS and before.kind in _FLOATS and _shares(before.written, instruction.read):
            tally.add("float dependency", t.float_dependency)

    def _fetch_stall(self, instruction: Instruction, cost: int, following: Sequence[Instruction], tally: Tally) -> None:
        if cost <= 1 and not (instruction.kind in _DRAINS and cost == 1):
            return
        if not following or not following[0].straddles or following[0].kind in _ACCESSES:
            return
        run = len(following) == 3 and all(one.straddles for one in following)
        tally.add("fetch alignment", self._timing.straddling_fetch + (self._timing.straddling_run if run else 0))
        if instruction.kind is Kind.LOAD:
            tally.hides_one.add(instruction.location)


def _needs_loaded_value(instruction: Instruction, load: Instruction) -> bool:
    """An address that the load before delivers; its updated base register is there in time."""
    loaded = (one for one in load.written if not (load.writeback and one == load.base))
    return _shares(tuple(loaded), instruction.address)


def _shares(some: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return any(one in others for one in some)
