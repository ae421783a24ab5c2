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
_FIRST_VALUE, _VALUES = 17, 64
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
    """A value: a register at the block's start (or nothing) plus a constant."""

    slot: int
    offset: int = 0

    def plus(self, offset: int) -> Linear:
        """The same, moved."""
        return Linear(self.slot, self.offset + offset)


@dataclass(frozen=True, eq=False)
class Computed:
    """A value that takes a step to compute; made only if an address needs it."""

    kind: StepKind
    left: Linear | Computed
    right: Linear | Computed
    shift: int = 0
    bytes: int = 0
    flags: StepFlag = StepFlag.NONE


Value = Linear | Computed | None
"""None: not followed."""


def constant(value: int) -> Linear:
    """A number."""
    return Linear(NO_REGISTER, value & _WORD)


@dataclass
class AddressProgram:
    """The program of one block while it is put together."""

    cost: BlockCost
    steps: list[AddressStep] = field(default_factory=list)
    _computed: dict[int, Linear | None] = field(default_factory=dict)
    _kept: list[Computed] = field(default_factory=list)

    def access(self, kind: StepKind, location: int, base: Value, index: Value, shift: int, size: int) -> None:
        """Account for an access of `size` bytes at base + (index << shift) by the instruction at `location`."""
        left, right = self._resolve(base), self._resolve(index)
        if left is None or right is None:
            self.steps.append(AddressStep(StepKind.UNRESOLVED))
            return
        flags = StepFlag.PIPELINED if location in self.cost.pipelined else StepFlag.NONE
        flags |= StepFlag.HIDES_ONE if location in self.cost.hides_one else StepFlag.NONE
        offset = _signed(left.offset + (right.offset << shift))
        self.steps.append(AddressStep(kind, NO_REGISTER, left.slot, right.slot, shift, size, flags, offset))

    def divide(self, dividend: Value, divisor: Value, *, signed: bool, charged: int) -> None:
        """Replace the cycles charged for a division by those its operands take."""
        left, right = self._materialize(dividend), self._materialize(divisor)
        if left is not None and right is not None:
            flags = StepFlag.SIGNED if signed else StepFlag.NONE
            self.steps.append(AddressStep(StepKind.DIVIDE, NO_REGISTER, left, right, 0, 0, flags, charged))

    def _resolve(self, value: Value) -> Linear | None:
        """The slot that holds a value, with the steps that put it there."""
        if value is None or isinstance(value, Linear):
            return value
        if id(value) not in self._computed:
            self._computed[id(value)] = self._compute(value)
            self._kept.append(value)
        return self._computed[id(value)]

    def _compute(self, value: Computed) -> Linear | None:
        """Add the step of one computed value, behind those of its operands."""
        if value.kind in (StepKind.ADD, StepKind.SUBTRACT, StepKind.LOAD):
            left, right = self._resolve(value.left), self._resolve(value.right)
        else:
            slots = self._materialize(value.left), self._materialize(value.right)
            left, right = (None if slot is None else Linear(slot) for slot in slots)
        if left is None or right is None or len(self._computed) >= _VALUES - _FIRST_VALUE - 8:
            return None
        moved = right.offset << value.shift
        offset = left.offset - moved if value.kind is StepKind.SUBTRACT else left.offset + moved
        return self._append(value, left.slot, right.slot, offset)

    def _append(self, value: Computed, left: int, right: int, offset: int) -> Linear | None:
        target = _FIRST_VALUE + sum(step.target >= _FIRST_VALUE for step in self.steps)
        if target >= _VALUES:
            return None
        self.steps.append(
            AddressStep(value.kind, target, left, right, value.shift, value.bytes, value.flags, _signed(offset))
        )
        return Linear(target)

    def _materialize(self, value: Value) -> int | None:
        """The slot of a value that an operation takes without an offset."""
        linear = self._resolve(value)
        if linear is None or not linear.offset & _WORD:
            return None if linear is None else linear.slot
        moved = self._append(Computed(StepKind.ADD, linear, constant(0)), linear.slot, NO_REGISTER, linear.offset)
        return None if moved is None else moved.slot


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
