"""What a timing model tells of one basic block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.board.virtual.native_state import (
    BEGINS_WITH_ACCESS,
    ENDS_IN_CONDITIONAL_BRANCH,
    ENDS_IN_INDIRECT_BRANCH,
    ENDS_IN_LOAD,
)
from harness.board.virtual.timing.instruction import Instruction, Kind

_INDIRECT = (Kind.INDIRECT_BRANCH, Kind.LOAD_PC, Kind.LOAD_MULTIPLE_PC, Kind.TABLE_BRANCH)


@dataclass(frozen=True)
class Division:
    """What a division takes, by the bits of its quotient: min(maximum, base + ceil(bits / bits_per_cycle)).

    Attributes:
        minimum: for a quotient of zero, and for a division by zero.
    """

    minimum: int
    base: int
    bits_per_cycle: int
    maximum: int


@dataclass(frozen=True)
class Transitions:
    """Cycles that depend on the way from one block to the next, or on what registers hold.

    Attributes:
        predicts_branches: a branch costs only when mispredicted; otherwise every taken branch costs `taken`.
        pipelined_load_saves: when a block that ends in a load runs on into one that begins with a memory access.
        unaligned: of an access that is not aligned to its size.
    """

    predicts_branches: bool
    taken: int
    indirect: int
    mispredicted: int
    pipelined_load_saves: int
    unaligned: int
    division: Division


@dataclass(frozen=True)
class BlockCost:
    """What a basic block costs by itself, branches not taken and memory never late.

    Attributes:
        causes: the cycles by what they go to: "issue" for one an instruction, the others by the rule's name.
        pipelined: locations of loads and stores that are counted as pipelined with the access before them.
        hides_one: locations of loads behind which a fetch stall is counted, in which one cycle of a late load hides.
        divisions: cycles that are counted for each division, by location.
    """

    cycles: int
    causes: Mapping[str, int] = field(default_factory=dict)
    pipelined: frozenset[int] = frozenset()
    hides_one: frozenset[int] = frozenset()
    divisions: Mapping[int, int] = field(default_factory=dict)


class TimingModel(Protocol):
    """The timing rules of one core."""

    transitions: Transitions

    def cost(self, block: Sequence[Instruction]) -> BlockCost:
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
