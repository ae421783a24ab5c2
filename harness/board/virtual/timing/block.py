"""What a timing model tells of one basic block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.board.virtual.native_hook import (
    BEGINS_WITH_ACCESS,
    ENDS_IN_CONDITIONAL_BRANCH,
    ENDS_IN_INDIRECT_BRANCH,
    ENDS_IN_LOAD,
)
from harness.board.virtual.timing.instruction import Instruction, Kind

_INDIRECT = (Kind.INDIRECT_BRANCH, Kind.LOAD_PC, Kind.LOAD_MULTIPLE_PC, Kind.TABLE_BRANCH)


@dataclass(frozen=True)
class Transitions:
    """Cycles that depend on the way from one block to the next.

    Attributes:
        predicts_branches: a branch costs only when mispredicted; otherwise every taken branch costs `taken`.
        pipelined_load_saves: when a block that ends in a load runs on into one that begins with a memory access.
    """

    predicts_branches: bool
    taken: int
    indirect: int
    mispredicted: int
    pipelined_load_saves: int


class TimingModel(Protocol):
    """The timing rules of one core."""

    transitions: Transitions

    def cycles(self, block: Sequence[Instruction]) -> int:
        """What a basic block costs by itself."""


def block_flags(block: Sequence[Instruction]) -> int:
    """The ends of a block, as the native hook wants them."""
    if not block:
        return 0
    first, last = block[0].kind, block[-1].kind
    return (
        (ENDS_IN_CONDITIONAL_BRANCH if last is Kind.CONDITIONAL_BRANCH else 0)
        | (ENDS_IN_INDIRECT_BRANCH if last in _INDIRECT else 0)
        | (ENDS_IN_LOAD if last is Kind.LOAD else 0)
        | (BEGINS_WITH_ACCESS if first in (Kind.LOAD, Kind.STORE) else 0)
    )
