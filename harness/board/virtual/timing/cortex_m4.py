"""Cortex-M4: three stages, one instruction a cycle, loads that pipeline, a fetch queue that 32-bit code can starve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.board.virtual.timing.block import EMPTY, BlockCost, Division, Pipeline, Transitions
from harness.board.virtual.timing.instruction import Instruction, Kind, Operation
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
_FELT_BY_THE_NEXT = frozenset((*_ACCESSES, *_ADDRESS_MAKERS, *_FLOATS))


class CortexM4:
    """The rules of `lab/cores/cortex-m4.yaml`, applied to one basic block.

    What one block leaves for the next is its last operation. A taken branch refills the pipeline, and leaves nothing.
    """

    def __init__(self) -> None:
        self._timing: Final[CortexM4Timing] = load_parameters("cortex-m4", CortexM4Timing)
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
            straddling_target=t.straddling_target,
            pipelined_load_saves=t.pipelined_load_saves,
            bank_conflict=0,
            unaligned=t.unaligned_access,
            unaligned_store=t.unaligned_access,
            division=Division(
                t.divide_by_or_of_zero, t.divide_smaller, t.divide_base, t.divide_bits_per_cycle, t.divide_maximum
            ),
        )

    def cost(self, block: Sequence[Instruction], entry: Pipeline = EMPTY) -> BlockCost:
        """What the block costs by itself, branches not taken."""
        tally = Tally()
        before = entry if isinstance(entry, Operation) else None
        for position, instruction in enumerate(block):
            began = tally.total
            tally.add("issue", 1)
            operation = instruction.operation
            self._alone(instruction, before, tally)
            if before is not None:
                self._after(instruction, before, tally)
            self._fetch_stall(instruction, tally.total - began, block[position + 1 : position + 4], tally)
            before = operation
        leaves = before if before is not None and before.kind in _FELT_BY_THE_NEXT else EMPTY
        return tally.result(self._timing.taken_branch, leaves)

    def _alone(self, instruction: Instruction, before: Operation | None, tally: Tally) -> None:
        """What an instruction takes beside its cycle of issue."""
        t, operation = self._timing, instruction.operation
        kind = operation.kind
        double = t.double_load_extra if operation.double else 0
        if kind in _LOADS:
            tally.add("load", t.load + double - 1)
        elif kind is Kind.STORE:
            tally.add("store", (t.register_offset_store if operation.register_offset else t.store) - 1)
        elif kind is Kind.FLOAT_STORE:
            tally.add("store", t.float_store + double - 1)
        elif kind in _WORDS:
            tally.add("store" if kind is Kind.STORE_MULTIPLE else "load", t.multiple_base + operation.registers - 1)
        elif kind is Kind.IT:
            tally.add("issue", (t.it_after_32_bit if before is not None and before.size == 4 else 0) - 1)
        elif kind is Kind.DIVIDE:
            tally.add("divide", t.divide - 1)
            tally.divisions[instruction.location] = t.divide
        elif kind in self._fixed:
            cause, cycles = self._fixed[kind]
            tally.add(cause, cycles - 1)

    def _after(self, instruction: Instruction, before: Operation, tally: Tally) -> None:
        """What the instruction before changes."""
        t, operation = self._timing, instruction.operation
        kind = operation.kind
        if kind in _ACCESSES and before.kind in _LOADS:
            if not _needs_loaded_value(operation, before):
                tally.add("load", -t.pipelined_load_saves)
                if kind in _LOADS:
                    tally.pipelined.add(instruction.location)
        elif kind in _LOADS and before.kind in _STORES:
            tally.add("load after store", t.load_after_store)
        if kind in _ADDRESS_USERS and before.kind in _ADDRESS_MAKERS and _shares(before.written, operation.address):
            tally.add("address dependency", t.address_dependency)
        if kind in _FLOAT_USERS and before.kind in _FLOATS and _shares(before.written, operation.read):
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


def _needs_loaded_value(operation: Operation, load: Operation) -> bool:
    """An address that the load before delivers; its updated base register is there in time."""
    return _shares(load.loaded, operation.address)


def _shares(some: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return any(one in others for one in some)
