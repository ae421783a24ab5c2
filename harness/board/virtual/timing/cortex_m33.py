"""Cortex-M33: one instruction a cycle in order; behind a 16-bit one, a branch, an IT or a NOP comes for free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from capstone.arm import ARM_REG_CPSR

from harness.board.virtual.timing.block import EMPTY, BlockCost, Division, Pipeline, Transitions
from harness.board.virtual.timing.instruction import BRANCHES, INDIRECT, Instruction, Kind, Operation
from harness.board.virtual.timing.m33_operations import Result, Scheduled, Use, scheduled
from harness.board.virtual.timing.parameters import CortexM33Timing, load_parameters

_JOINS: Final = frozenset((Kind.NOP, Kind.IT, Kind.BRANCH, Kind.CONDITIONAL_BRANCH, Kind.INDIRECT_BRANCH))
_LONG_AGO = -1000


@dataclass(frozen=True)
class Carried:
    """What a block leaves for the next one, in cycles before that begins.

    Attributes:
        joinable: its last operation was a 16-bit one that issued by itself.
        floats_free: the first cycle in which a floating point instruction may issue.
        results: under way: register, when issued, what.
    """

    joinable: bool
    floats_free: int
    results: tuple[tuple[int, int, Result], ...]


@dataclass
class _Pipeline:
    """The cycle reached, and what is under way."""

    cycle: int = 0
    joinable: bool = False
    floats_free: int = _LONG_AGO
    ready: dict[int, tuple[int, Result]] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def after(cls, entry: Pipeline) -> _Pipeline:
        if not isinstance(entry, Carried):
            return cls()
        ready = {register: (issued, result) for register, issued, result in entry.results}
        return cls(joinable=entry.joinable, floats_free=entry.floats_free, ready=ready)

    def wait(self, cycles: int, cause: str) -> None:
        self.cycle += cycles
        self.causes[cause] += cycles

    def leaves(self, later: int = 0) -> Pipeline:
        """What the next block finds that begins so many cycles later."""
        end = self.cycle + later
        results = tuple(
            sorted(
                (register, issued - end, result)
                for register, (issued, result) in self.ready.items()
                if issued + max(result.latency) > end
            )
        )
        free = self.floats_free - end if self.floats_free > end else _LONG_AGO
        joinable = self.joinable and not later
        return Carried(joinable, free, results) if results or joinable or free != _LONG_AGO else EMPTY


class CortexM33:
    """The rules of `lab/cores/cortex-m33.yaml`, applied to one basic block."""

    def __init__(self) -> None:
        self._timing: Final[CortexM33Timing] = load_parameters("cortex-m33", CortexM33Timing)
        self._known: dict[Operation, Scheduled] = {}
        t = self._timing
        self.transitions = Transitions(
            predicts_branches=False,
            straddling_target=t.straddling_target,
            pipelined_load_saves=0,
            bank_conflict=0,
            unaligned=t.unaligned_access,
            unaligned_store=t.unaligned_access,
            division=Division(
                t.divide_by_or_of_zero, t.divide_smaller, t.divide_base, t.divide_bits_per_cycle, t.divide_maximum
            ),
        )

    def cost(self, block: Sequence[Instruction], entry: Pipeline = EMPTY) -> BlockCost:
        """What the block costs, branches not taken."""
        pipeline, taken = _Pipeline.after(entry), 0
        before: Operation | None = None
        for instruction in block:
            operation = instruction.operation
            joins = pipeline.joinable and operation.size == 2 and operation.kind in _JOINS
            if operation.kind in BRANCHES:
                taken = self._taken(operation, before, joins=joins)
            if joins:
                pipeline.joinable = False
            else:
                self._issue(self._scheduled(operation), pipeline)
                pipeline.joinable = operation.size == 2 and operation.kind not in _JOINS
            before = operation
        return BlockCost(
            cycles=pipeline.cycle,
            causes=dict(pipeline.causes),
            taken=taken,
            exit=pipeline.leaves(),
            exit_taken=pipeline.leaves(taken) if taken else EMPTY,
            divisions={one.location: self._timing.divide for one in block if one.kind is Kind.DIVIDE},
        )

    def _issue(self, operation: Scheduled, pipeline: _Pipeline) -> None:
        earliest, strict, cause = self._operands(operation, pipeline)
        issue, why = max(earliest - 1 if operation.runs_ahead else earliest, strict, pipeline.cycle), cause
        if operation.floating and pipeline.floats_free > issue:
            issue, why = pipeline.floats_free, "float pairing"
        if issue > pipeline.cycle:
            pipeline.wait(issue - pipeline.cycle, why)
        begins = max(issue, earliest)
        for register, result, later in operation.gives:
            pipeline.ready[register] = begins + later, result
        if operation.blocks_floats or begins > issue:
            pipeline.floats_free = begins + 1 + operation.blocks_floats
        pipeline.wait(1, "issue")
        if operation.occupies > 1:
            pipeline.wait(operation.occupies - 1, operation.cause)

    def _operands(self, operation: Scheduled, pipeline: _Pipeline) -> tuple[int, int, str]:
        """The first cycle in which all operands are there, that for addends alone, and what is waited for."""
        earliest = strict = 0
        cause = ""
        for register, use in operation.needs:
            if register in pipeline.ready:
                issued, result = pipeline.ready[register]
                there = issued + result.latency[use]
                if there > earliest:
                    earliest, cause = there, result.cause
                if use is not Use.OPERAND:
                    strict = max(strict, there)
        return earliest, strict, cause

    def _taken(self, branch: Operation, before: Operation | None, *, joins: bool) -> int:
        """What a taken branch costs on top."""
        t, kind = self._timing, branch.kind
        if kind in (Kind.LOAD_PC, Kind.LOAD_MULTIPLE_PC):
            return t.load_pc_branch
        if kind is Kind.TABLE_BRANCH:
            return t.table_branch
        if kind in INDIRECT:
            return t.indirect_branch
        waits = joins and before is not None and _decides(before, branch)
        return t.taken_branch + (t.branch_waits_for_flags if waits else 0)

    def _scheduled(self, operation: Operation) -> Scheduled:
        found = self._known.get(operation)
        if found is None:
            found = self._known[operation] = scheduled(operation, self._timing)
        return found


def _decides(before: Operation, branch: Operation) -> bool:
    """A conditional branch depends on the instruction that it issued beside (jnk0le: any that sets the flags)."""
    needs = branch.read if branch.kind is Kind.CONDITIONAL_BRANCH else ()
    return ARM_REG_CPSR in before.written or any(one in before.written for one in needs)
