"""Compiles a basic block into the program that computes the addresses of its accesses when the block is entered.

Most addresses are a register of the block's start plus a constant, for updated base registers move by constants. What
else they depend on (sums, shifts, values loaded before) becomes steps of the program; see native/address_program.h.
A register that is changed in a way which is not followed makes the accesses through it unresolved: they are counted,
and cost no stall. An instruction under a condition (IT) counts as carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, auto
from typing import Any, Final

from harness.board.virtual.timing.block import BlockCost

NO_REGISTER: Final = 16
_FIRST_VALUE, _VALUES = 17, 128
_WORD = 0xFFFF_FFFF


class StepKind(IntEnum):
    """`step_kind` of native/address_program.h."""

    READ = 0
    WRITE = auto()
    UNRESOLVED = auto()
    DIVIDE = auto()
    LOAD = auto()
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    AND = auto()
    OR = auto()
    XOR = auto()
    SHIFT_LEFT = auto()
    SHIFT_RIGHT = auto()
    SHIFT_RIGHT_SIGNED = auto()
    FIELD = auto()


class StepFlag(IntFlag):
    """`step_flags` of native/address_program.h."""

    NONE = 0
    PIPELINED = 1
    HIDES_ONE = 2
    SIGNED = 4
    PAIRED = 8


@dataclass(frozen=True)
class AddressStep:
    """`step_t`."""

    kind: StepKind
    target: int = NO_REGISTER
    left: int = NO_REGISTER
    right: int = NO_REGISTER
    shift: int = 0
    bytes: int = 0
    flags: StepFlag = StepFlag.NONE
    offset: int = 0


@dataclass(frozen=True)
class Linear:
    """A value: a register at the block's start, nothing (`NO_REGISTER`) or a computed value, plus a constant."""

    base: int | Computed
    offset: int = 0

    def plus(self, offset: int) -> Linear:
        """The same, moved."""
        return Linear(self.base, self.offset + offset)

    @property
    def constant(self) -> bool:
        """It is a number."""
        return self.base == NO_REGISTER


@dataclass(frozen=True, eq=False)
class Computed:
    """What takes a step to compute; made only if an address needs it."""

    kind: StepKind
    left: Linear
    right: Linear
    shift: int = 0
    bytes: int = 0
    flags: StepFlag = StepFlag.NONE


Value = Linear | None
"""None: not followed."""


def constant(value: int) -> Linear:
    """A number."""
    return Linear(NO_REGISTER, value & _WORD)


@dataclass
class AddressProgram:
    """The program of one block while it is put together."""

    cost: BlockCost
    steps: list[AddressStep] = field(default_factory=list)
    _slots: dict[Computed, int | None] = field(default_factory=dict)
    _values: int = 0

    def access(self, kind: StepKind, location: int, base: Value, index: Value, shift: int, size: int) -> None:
        """Account for an access of `size` bytes at base + (index << shift) by the instruction at `location`."""
        left, right = self._slot(base), self._slot(index)
        if base is None or index is None or left is None or right is None:
            self.steps.append(AddressStep(StepKind.UNRESOLVED))
            return
        flags = StepFlag.PIPELINED if location in self.cost.pipelined else StepFlag.NONE
        flags |= StepFlag.HIDES_ONE if location in self.cost.hides_one else StepFlag.NONE
        flags |= StepFlag.PAIRED if location in self.cost.paired else StepFlag.NONE
        offset = _signed(base.offset + (index.offset << shift))
        self.steps.append(AddressStep(kind, NO_REGISTER, left, right, shift, size, flags, offset))

    def divide(self, dividend: Value, divisor: Value, *, signed: bool, charged: int) -> None:
        """Replace the cycles charged for a division by those its operands take."""
        left, right = self._whole(dividend), self._whole(divisor)
        if left is not None and right is not None:
            flags = StepFlag.SIGNED if signed else StepFlag.NONE
            self.steps.append(AddressStep(StepKind.DIVIDE, NO_REGISTER, left, right, 0, 0, flags, charged))

    def _slot(self, value: Value) -> int | None:
        """Where a value is, but for its offset, after the steps that put it there."""
        if value is None:
            return None
        if isinstance(value.base, int):
            return value.base
        if value.base not in self._slots:
            self._slots[value.base] = self._compute(value.base)
        return self._slots[value.base]

    def _compute(self, value: Computed) -> int | None:
        """Add the step of one computed value, behind those of its operands."""
        takes_offsets = value.kind in (StepKind.ADD, StepKind.SUBTRACT, StepKind.LOAD)
        place = self._slot if takes_offsets else self._whole
        left, right = place(value.left), place(value.right)
        if left is None or right is None:
            return None
        if not takes_offsets:
            return self._append(value, left, right, 0)
        moved = value.right.offset << value.shift
        sign = -1 if value.kind is StepKind.SUBTRACT else 1
        return self._append(value, left, right, value.left.offset + sign * moved)

    def _append(self, value: Computed, left: int, right: int, offset: int) -> int | None:
        target = _FIRST_VALUE + self._values
        if target >= _VALUES:
            return None
        self._values += 1
        step = AddressStep(value.kind, target, left, right, value.shift, value.bytes, value.flags, _signed(offset))
        self.steps.append(step)
        return target

    def _whole(self, value: Value) -> int | None:
        """The slot of a value with its offset, for an operation that takes none."""
        if value is None or not value.offset & _WORD:
            return self._slot(value)
        return self._slot(Linear(Computed(StepKind.ADD, value, constant(0))))


def compile_block(raw_instructions: Iterable[Any], cost: BlockCost) -> Sequence[AddressStep]:
    """The address program of a block of Capstone instructions, whose static cost is known."""
    from harness.board.virtual.timing.follow import Follower

    program = AddressProgram(cost)
    follower = Follower(program)
    for raw in raw_instructions:
        follower.follow(raw)
    return program.steps


def _signed(value: int) -> int:
    value &= _WORD
    return value - (1 << 32) if value >> 31 else value
