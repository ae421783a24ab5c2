"""Cortex-M0+: two stages, one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.board.virtual.timing.block import EMPTY, BlockCost, Division, Pipeline, Transitions
from harness.board.virtual.timing.instruction import BRANCHES, Form, Instruction, Kind, Operation
from harness.board.virtual.timing.parameters import CortexM0PlusTiming, load_parameters
from harness.board.virtual.timing.tally import Tally

_WORDS = (Kind.LOAD_MULTIPLE, Kind.LOAD_MULTIPLE_PC, Kind.STORE_MULTIPLE)


class CortexM0Plus:
    """The table of `lab/cores/cortex-m0plus.yaml`: what an instruction costs depends on itself alone."""

    def __init__(self) -> None:
        self._timing: Final[CortexM0PlusTiming] = load_parameters("cortex-m0plus", CortexM0PlusTiming)
        t = self._timing
        self._fixed: Final = {
            Kind.MULTIPLY: ("multiply", t.multiply),
            Kind.LOAD: ("load", t.load),
            Kind.STORE: ("store", t.store),
            Kind.SYSTEM: ("system", t.system),
            Kind.BARRIER: ("system", t.barrier),
        }
        self.transitions = Transitions(
            predicts_branches=False,
            straddling_target=0,
            pipelined_load_saves=0,
            bank_conflict=0,
            unaligned=t.unaligned_access,
            unaligned_store=t.unaligned_access,
            # There is no division instruction.
            division=Division(1, 1, 1, 1, 1),
        )

    def cost(self, block: Sequence[Instruction], entry: Pipeline = EMPTY) -> BlockCost:  # noqa: ARG002
        """What the block costs, branches not taken; no block leaves anything for the next one."""
        tally = Tally()
        for instruction in block:
            self._add(instruction.operation, tally)
        last = block[-1].operation if block else None
        return tally.result(0 if last is None else self._taken(last))

    def _add(self, operation: Operation, tally: Tally) -> None:
        kind = operation.kind
        tally.add("issue", 1)
        if kind in _WORDS:
            cause = "store" if kind is Kind.STORE_MULTIPLE else "load"
            tally.add(cause, self._timing.multiple_base + operation.registers - 1)
        elif kind in self._fixed and operation.form is not Form.MASK:
            cause, cycles = self._fixed[kind]
            tally.add(cause, cycles - 1)

    def _taken(self, last: Operation) -> int:
        """What a taken branch costs on top."""
        t = self._timing
        if last.kind is Kind.LOAD_MULTIPLE_PC:
            return t.pop_pc_extra
        if last.kind is Kind.BRANCH and last.size == 4:
            return t.taken_branch + t.call_extra
        return t.taken_branch if last.kind in BRANCHES else 0
