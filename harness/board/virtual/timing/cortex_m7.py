"""Cortex-M7: two instructions a cycle in order, an early and a late ALU, predicted branches, a pipelined FPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from capstone.arm import ARM_REG_CPSR

from harness.board.virtual.timing.block import EMPTY, BlockCost, Division, Pipeline, Transitions
from harness.board.virtual.timing.instruction import Instruction, Kind, Operation
from harness.board.virtual.timing.m7_operations import Schedulable, schedulable
from harness.board.virtual.timing.m7_schedule import Schedule
from harness.board.virtual.timing.parameters import CortexM7Timing, load_parameters

_DIRECT = (Kind.BRANCH, Kind.CONDITIONAL_BRANCH)
_NARROW_BEFORE_BRANCH = 2
_BANK = 4
"""Bytes; two banks alternate."""


class CortexM7:
    """The rules of `lab/cores/cortex-m7.yaml`, applied to one basic block.

    What one block leaves for the next is the state of its schedule. A mispredicted branch leaves nothing.
    """

    def __init__(self) -> None:
        self._timing: Final[CortexM7Timing] = load_parameters("cortex-m7", CortexM7Timing)
        self._known: dict[Operation, Schedulable] = {}
        t = self._timing
        self.transitions = Transitions(
            predicts_branches=True,
            straddling_target=0,
            pipelined_load_saves=0,
            bank_conflict=t.bank_conflict,
            unaligned=t.unaligned_access,
            unaligned_store=t.unaligned_store,
            division=Division(
                t.divide_by_or_of_zero, t.divide_smaller, t.divide_base, t.divide_bits_per_cycle, t.divide_maximum
            ),
        )

    def cost(self, block: Sequence[Instruction], entry: Pipeline = EMPTY) -> BlockCost:
        """What the block costs, branches predicted."""
        schedule = Schedule.after(entry, self._timing)
        assumed = self._schedule(block, schedule)
        mispredicted = self._misprediction(block, schedule)
        leaves, leaves_taken = schedule.leaves(closed=False), schedule.leaves(closed=not _joins_target(block))
        cycles = schedule.finish()
        return BlockCost(
            cycles=cycles,
            causes=dict(schedule.causes),
            mispredicted=mispredicted,
            exit=leaves,
            exit_taken=leaves_taken,
            paired=self._worth_a_cycle(block, assumed, cycles) if entry == EMPTY else frozenset(),
            divisions={one.location: self._timing.divide for one in block if one.kind is Kind.DIVIDE},
        )

    def _schedule(self, block: Sequence[Instruction], schedule: Schedule, apart: int = -1) -> set[int]:
        """Issue a block; the loads that were assumed to need another bank than the load beside them.

        Args:
            apart: location of a load that does not issue beside another one.
        """
        assumed: set[int] = set()
        before: Operation | None = None
        for instruction in block:
            operation = instruction.operation
            conflict = _conflict(before, operation)
            together = conflict is not True and instruction.location != apart
            if schedule.issue(self._schedulable(operation), may_join=together) and conflict is None:
                assumed.add(instruction.location)
            before = operation
        return assumed

    def _worth_a_cycle(self, block: Sequence[Instruction], assumed: set[int], cycles: int) -> frozenset[int]:
        """Those of the loads that cost the block a cycle if they issue by themselves."""
        found = set()
        for location in assumed:
            schedule = Schedule(self._timing)
            self._schedule(block, schedule, apart=location)
            if schedule.finish() > cycles:
                found.add(location)
        return frozenset(found)

    def _misprediction(self, block: Sequence[Instruction], schedule: Schedule) -> int:
        """Less, when a conditional branch finds flags that were set early; with the branch issued last."""
        t, last = self._timing, block[-1].operation if block else None
        if last is None or last.kind is not Kind.CONDITIONAL_BRANCH or ARM_REG_CPSR not in last.read:
            return t.misprediction
        flags = schedule.ready.get(ARM_REG_CPSR)
        early = flags is None or schedule.cycle - flags[0] >= t.early_flags
        return t.early_misprediction if early else t.misprediction

    def _schedulable(self, operation: Operation) -> Schedulable:
        found = self._known.get(operation)
        if found is None:
            found = self._known[operation] = schedulable(operation, self._timing)
        return found


def _conflict(older: Operation | None, younger: Operation) -> bool | None:
    """Whether two loads need the same bank; None if the code does not say it."""
    loads = (Kind.LOAD, Kind.FLOAT_LOAD)
    if older is None or older.kind not in loads or younger.kind not in loads:
        return False
    known = older.base == younger.base and not (older.register_offset or younger.register_offset)
    if not known or older.narrow or younger.narrow or older.writeback:
        return None
    return not (older.offset ^ younger.offset) & _BANK


def _joins_target(block: Sequence[Instruction]) -> bool:
    """Whether the target of a taken branch may issue beside it: behind at least two 16-bit instructions (jnk0le)."""
    narrow = sum(one.size == 2 for one in block[:-1])
    return bool(block) and block[-1].kind in _DIRECT and narrow >= _NARROW_BEFORE_BRANCH
