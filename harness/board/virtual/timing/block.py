"""What a timing model tells of one basic block."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.board.virtual.native_state import BEGINS_ACROSS_WORDS, ENDS_IN_CONDITIONAL_BRANCH, ENDS_IN_INDIRECT_BRANCH
from harness.board.virtual.timing.instruction import INDIRECT, Instruction, Kind

Pipeline = Hashable
"""What a block leaves in the pipeline for the next one: results that are still under way, half an issue slot."""
EMPTY: Pipeline = ()


@dataclass(frozen=True)
class Division:
    """What a division takes: base + (bits of the dividend - bits of the divisor) // bits_per_cycle.

    Attributes:
        zero: when either operand is zero.
        smaller: when the dividend has fewer bits than the divisor.
        maximum: never more than this.
    """

    zero: int
    smaller: int
    base: int
    bits_per_cycle: int
    maximum: int


@dataclass(frozen=True)
class Transitions:
    """Cycles that depend on the way from one block to the next, or on what registers hold.

    Attributes:
        predicts_branches: a branch costs only when mispredicted; otherwise whenever it is taken.
        straddling_target: of a taken branch to a 32-bit instruction that lies across two words.
        pipelined_load_saves: by an access right behind a load in the same bank of memory.
        bank_conflict: of two loads that issue in one cycle, when they need the same half of a double word.
        unaligned, unaligned_store: of a load and of a store that is not aligned to its size.
    """

    predicts_branches: bool
    straddling_target: int
    pipelined_load_saves: int
    bank_conflict: int
    unaligned: int
    unaligned_store: int
    division: Division


@dataclass(frozen=True)
class BlockCost:
    """What a basic block costs, branches not taken and memory never late.

    Attributes:
        causes: the cycles by what they go to: "issue" for one an instruction, the others by the rule's name.
        taken: cycles on top when the branch at its end is taken, as predicted if branches are.
        mispredicted: cycles on top when the branch at its end was not predicted.
        exit, exit_taken: what it leaves for the block that follows, or that its branch leads to.
        pipelined: locations of loads and stores that are counted as pipelined with the access before them.
        paired: locations of loads that are counted as issued in one cycle with the load before them.
        hides_one: locations of loads behind which a fetch stall is counted, in which one cycle of a late load hides.
        divisions: cycles that are counted for each division, by location.
    """

    cycles: int
    causes: Mapping[str, int] = field(default_factory=dict)
    taken: int = 0
    mispredicted: int = 0
    exit: Pipeline = EMPTY
    exit_taken: Pipeline = EMPTY
    pipelined: frozenset[int] = frozenset()
    paired: frozenset[int] = frozenset()
    hides_one: frozenset[int] = frozenset()
    divisions: Mapping[int, int] = field(default_factory=dict)


class TimingModel(Protocol):
    """The timing rules of one core."""

    transitions: Transitions

    def cost(self, block: Sequence[Instruction], entry: Pipeline = EMPTY) -> BlockCost:
        """What a basic block costs that finds the pipeline as another block left it."""


def block_flags(block: Sequence[Instruction]) -> int:
    """The ends of a block, as the native hook wants them."""
    if not block:
        return 0
    last = block[-1].kind
    return (
        (ENDS_IN_CONDITIONAL_BRANCH if last is Kind.CONDITIONAL_BRANCH else 0)
        | (ENDS_IN_INDIRECT_BRANCH if last in INDIRECT else 0)
        | (BEGINS_ACROSS_WORDS if block[0].straddles else 0)
    )
