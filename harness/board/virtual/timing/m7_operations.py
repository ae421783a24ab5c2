"""What the Cortex-M7's issue rules want to know of an operation: its class, what it needs when, what it delivers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag, auto
from functools import cache
from typing import Final, NamedTuple

from harness.board.virtual.timing.instruction import BRANCHES, Form, Kind, Operation
from harness.board.virtual.timing.parameters import CortexM7Timing, Row


class Use(IntEnum):
    """What a result is wanted for, early uses first: the columns of the latency rows in `lab/cores/cortex-m7.yaml`."""

    ADDRESS = 0
    SHIFTED = auto()
    """By the early ALU: shifted on its way in, extracted from, reversed."""
    OPERAND = auto()
    FACTOR = auto()
    ADDEND = auto()
    """Added to a product: the accumulator of a VMLA, for floating point."""
    FUSED_ADDEND = auto()
    STORED = auto()
    MOVED = auto()
    """Between the core's and the floating point unit's registers."""


class Trait(IntFlag):
    """Which rules of issue concern an operation."""

    NONE = 0
    ALONE = auto()
    """Nothing issues in the same cycle."""
    OLDER_ONLY = auto()
    STORE = auto()
    PRODUCT = auto()
    SHIFTED_OPERAND = auto()
    EARLY_SHIFTER = auto()
    """Uses the shifter of the early ALU, so that no shifted operand can."""
    SHIFT = auto()
    """A shift by itself."""
    FLOAT_ARITHMETIC = auto()
    FLOAT_CONSTANT = auto()
    BRANCH = auto()
    MAC = auto()
    """Multiplies and accumulates in floating point."""
    UNFUSED = auto()
    """Such, and rounds in between."""
    FLOAT_TRANSFER = auto()
    """VLDR, VSTR, VMOV: not beside a MAC, nor in the younger slot in the window behind one."""
    AFTER_MAC_WINDOW = auto()
    """Has to wait until that window is over."""


class Early(Enum):
    """Whether the early ALU carries an operation out if the operands are there, and from which slot."""

    NEVER = auto()
    IF_OLDER = auto()
    FROM_EITHER = auto()


class Result(NamedTuple):
    """A result under way: its latency for each `Use`, and what a wait for it is called."""

    latency: Row
    cause: str


@dataclass(frozen=True, slots=True)
class Schedulable:
    """An operation as the schedule sees it.

    Attributes:
        traits: `Trait`s, as a number.
        needs: registers, each with the column of the latency rows that holds for it.
        gives: registers, each with its result, and how many cycles after issue that begins to count.
        early, early_result: when the early ALU carries it out, and what takes the place of the ALU's result then.
        occupies: cycles in which nothing else issues, but for the first if it is not alone; `cause` says why.
    """

    traits: int
    needs: tuple[tuple[int, Use], ...]
    gives: tuple[tuple[int, Result, int], ...]
    early: Early
    early_result: Result
    occupies: int
    cause: str


_WORDS: Final = (Kind.LOAD_MULTIPLE, Kind.LOAD_MULTIPLE_PC, Kind.STORE_MULTIPLE)
_STORES: Final = (Kind.STORE, Kind.FLOAT_STORE, Kind.STORE_MULTIPLE)
_SYSTEM: Final = (Kind.SYSTEM, Kind.BARRIER)
_ALONE: Final = frozenset((*_WORDS, *_SYSTEM, Kind.TABLE_BRANCH, Kind.LOAD_PC, Kind.DIVIDE, Kind.FLOAT_MOVE_TWO))
_PREDICTED: Final = (Kind.BRANCH, Kind.CONDITIONAL_BRANCH, Kind.INDIRECT_BRANCH)
_FLOATS: Final = (Kind.FLOAT, Kind.FLOAT_MAC, Kind.FLOAT_DIVIDE)
_MOVES: Final = (Form.STATUS, Form.TO_CORE, Form.FROM_CORE, Form.FLOAT_MOVE, Form.FLOAT_CONSTANT)
_EARLY_SHIFTER: Final = (Form.INSERT, Form.PACK, Form.EXTRACT, Form.REVERSE, Form.EXTEND_ADD)
_KIND_TRAITS: Final = {
    Kind.STORE: Trait.STORE,
    Kind.FLOAT_STORE: Trait.STORE,
    Kind.MULTIPLY: Trait.PRODUCT,
    Kind.SIMD: Trait.OLDER_ONLY,
    Kind.FLOAT_MAC: Trait.FLOAT_ARITHMETIC,
    Kind.FLOAT_DIVIDE: Trait.FLOAT_ARITHMETIC,
}


@cache
def may_pair(older: int, younger: int) -> bool:
    """May two operations of these traits issue in one cycle, as far as the code alone says it?"""
    either, both = Trait(older | younger), Trait(older & younger)
    if either & Trait.ALONE or younger & Trait.OLDER_ONLY:
        return False
    if both & (Trait.STORE | Trait.PRODUCT | Trait.FLOAT_ARITHMETIC | Trait.FLOAT_CONSTANT | Trait.BRANCH):
        return False
    if either & Trait.STORE and either & Trait.PRODUCT:
        return False
    shifts = Trait.SHIFTED_OPERAND | Trait.EARLY_SHIFTER | Trait.SHIFT
    return not (younger & Trait.SHIFTED_OPERAND and older & shifts)


def schedulable(operation: Operation, timing: CortexM7Timing) -> Schedulable:
    """Classify an operation by the rules of `lab/cores/cortex-m7.yaml`."""
    occupies, cause = _occupancy(operation, timing)
    # Branches are predicted, and wait for nothing.
    needed = () if operation.kind in _PREDICTED else operation.read
    return Schedulable(
        traits=int(_traits(operation) | _float_traits(operation)),
        needs=tuple((register, _use(register, operation)) for register in needed),
        gives=_results(operation, timing),
        early=_early(operation),
        early_result=Result(timing.reverse_result if operation.form is Form.REVERSE else timing.early_result, "result"),
        occupies=occupies,
        cause=cause,
    )


def _traits(operation: Operation) -> Trait:
    kind, form = operation.kind, operation.form
    traits = _KIND_TRAITS.get(kind, Trait.NONE)
    if kind in _ALONE or form is Form.STATUS or (operation.double and kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE)):
        traits |= Trait.ALONE
    if kind in BRANCHES:
        traits |= Trait.BRANCH
    if (operation.shifted and kind is Kind.ALU) or operation.constant_shifted:
        traits |= Trait.SHIFTED_OPERAND
    if form in _EARLY_SHIFTER:
        traits |= Trait.EARLY_SHIFTER
    if form is Form.SHIFT:
        traits |= Trait.SHIFT
    return traits


def _early(operation: Operation) -> Early:
    if operation.form is Form.REVERSE:
        return Early.FROM_EITHER
    if operation.kind is not Kind.ALU or operation.shifted or operation.constant_shifted:
        return Early.NEVER
    if operation.form is Form.SHIFT:
        return Early.FROM_EITHER
    return Early.IF_OLDER if operation.form in (Form.ADD, Form.MOVE) else Early.NEVER


def _float_traits(operation: Operation) -> Trait:
    kind, form = operation.kind, operation.form
    traits = Trait.NONE
    if kind is Kind.FLOAT and form not in _MOVES:
        traits |= Trait.FLOAT_ARITHMETIC
    if operation.double and kind in _FLOATS:
        traits |= Trait.OLDER_ONLY
    if kind is Kind.FLOAT_MAC:
        traits |= Trait.MAC | (Trait.UNFUSED if form is Form.UNFUSED else Trait.NONE)
    if kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE) or form in _MOVES:
        traits |= Trait.FLOAT_TRANSFER
    if form is Form.FLOAT_CONSTANT:
        traits |= Trait.FLOAT_CONSTANT
    long_transfer = kind in (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE) and operation.vector
    double_transfer = kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE) and operation.double
    if form in (Form.FLOAT_ADD, Form.FLOAT_CONSTANT) or long_transfer or double_transfer:
        traits |= Trait.AFTER_MAC_WINDOW
    return traits


def _use(register: int, operation: Operation) -> Use:
    kind = operation.kind
    if register in operation.address:
        return Use.ADDRESS
    if register in operation.shifted:
        return Use.SHIFTED
    if kind in _STORES:
        return Use.STORED
    if register in operation.accumulated and kind in (Kind.MULTIPLY, Kind.FLOAT_MAC):
        fused = kind is Kind.FLOAT_MAC and operation.form is not Form.UNFUSED
        return Use.FUSED_ADDEND if fused else Use.ADDEND
    if kind is Kind.MULTIPLY:
        return Use.FACTOR
    moved = kind is Kind.FLOAT_MOVE_TWO or operation.form in (Form.TO_CORE, Form.FROM_CORE)
    return Use.MOVED if moved else Use.OPERAND


def _results(operation: Operation, timing: CortexM7Timing) -> tuple[tuple[int, Result, int], ...]:
    result, flags = _result(operation, timing), Result(timing.flags, "flags")
    updated_base = Result(timing.updated_base, "result")
    found: list[tuple[int, Result, int]] = []
    for register in operation.written:
        if register in operation.loaded:
            found.append((register, result, operation.loaded.index(register) // timing.words_per_cycle))
        elif register in operation.address:
            found.append((register, updated_base, 0))
        else:
            found.append((register, flags if _is_flags(register) else result, 0))
    return tuple(found)


def _result(operation: Operation, timing: CortexM7Timing) -> Result:
    kind, form = operation.kind, operation.form
    if kind is Kind.FLOAT_LOAD or (kind is Kind.LOAD_MULTIPLE and operation.vector):
        return Result(timing.loaded_float, "load")
    if kind in (Kind.LOAD, Kind.LOAD_MULTIPLE):
        return Result(timing.loaded_narrow if operation.narrow else timing.loaded_word, "load")
    if kind is Kind.FLOAT_MAC:
        return Result(timing.unfused_result if form is Form.UNFUSED else timing.fused_result, "float")
    if form is Form.TO_CORE:
        return Result(timing.moved_to_core, "float")
    if kind is Kind.FLOAT_MOVE_TWO or form in _MOVES:
        return Result(timing.moved_float, "float")
    if kind in _FLOATS:
        return Result(timing.float_result, "float")
    if kind is Kind.MULTIPLY:
        return Result(timing.product, "multiply")
    return Result(timing.saturated_result if form is Form.SATURATE else timing.late_result, "result")


def _is_flags(register: int) -> bool:
    from capstone.arm import ARM_REG_CPSR, ARM_REG_FPSCR_NZCV

    return register in (ARM_REG_CPSR, ARM_REG_FPSCR_NZCV)


def _occupancy(operation: Operation, timing: CortexM7Timing) -> tuple[int, str]:
    kind = operation.kind
    if kind in _WORDS:
        return max(1, -(-operation.registers // timing.words_per_cycle)), "multiple transfer"
    if operation.double and kind in _FLOATS:
        return _double_occupancy(operation, timing), "double precision"
    cycles, cause = {
        Kind.DIVIDE: (timing.divide, "divide"),
        Kind.FLOAT_DIVIDE: (_root_or_quotient(operation, timing), "float divide"),
        Kind.SYSTEM: (timing.system, "system"),
        Kind.BARRIER: (timing.system, "system"),
        Kind.TABLE_BRANCH: (timing.table_branch, "branch"),
    }.get(kind, (1, ""))
    return cycles, cause


def _root_or_quotient(operation: Operation, timing: CortexM7Timing) -> int:
    return timing.float_square_root if operation.form is Form.SQUARE_ROOT else timing.float_divide


def _double_occupancy(operation: Operation, timing: CortexM7Timing) -> int:
    if operation.kind is Kind.FLOAT_DIVIDE:
        return timing.double_divide
    if operation.kind is Kind.FLOAT_MAC:
        return timing.double_mac
    if operation.form is Form.FLOAT_MULTIPLY:
        return timing.double_multiply
    return timing.double_add if operation.form is Form.FLOAT_ADD else 1
