"""What the Cortex-M33's rules want to know of an operation: what it needs for what, and when its results are there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Final, NamedTuple

from capstone.arm import ARM_REG_CPSR, ARM_REG_FPSCR_NZCV

from harness.board.virtual.timing.instruction import Form, Kind, Operation
from harness.board.virtual.timing.parameters import CortexM33Timing, Row


class Use(IntEnum):
    """What a result is wanted for: the columns of the latency rows in `lab/cores/cortex-m33.yaml`."""

    OPERAND = 0
    ADDEND = auto()
    """Added to a product; for floating point, the accumulator of a VFMA."""
    EXTENDED_ADDEND = auto()
    """Added to an extended value (SXTAB and its like)."""
    STORED = auto()
    """Or moved to the floating point unit."""


class Result(NamedTuple):
    """A result under way: its latency for each `Use`, and what a wait for it is called."""

    latency: Row
    cause: str


@dataclass(frozen=True)
class Scheduled:
    """An operation as the pipeline sees it.

    Attributes:
        needs: registers, each with the column of the latency rows that holds for it.
        gives: registers, each with its result, and how many cycles after issue that begins to count.
        occupies: cycles of issue; `cause` says why it is more than one.
        blocks_floats: cycles behind it in which no floating point instruction issues.
        runs_ahead: may issue one cycle before its operands are there, and keeps the floating point unit waiting.
    """

    needs: tuple[tuple[int, Use], ...]
    gives: tuple[tuple[int, Result, int], ...]
    occupies: int
    cause: str
    floating: bool
    blocks_floats: int
    runs_ahead: bool


_WORDS: Final = (Kind.LOAD_MULTIPLE, Kind.LOAD_MULTIPLE_PC, Kind.STORE_MULTIPLE)
_STORES: Final = (Kind.STORE, Kind.FLOAT_STORE, Kind.STORE_MULTIPLE)
_COMPUTES: Final = (Kind.FLOAT, Kind.FLOAT_MAC)
_MOVES: Final = (Form.TO_CORE, Form.FROM_CORE, Form.STATUS)
_ONE_STAGE: Final = (Form.EXTEND, Form.EXTRACT, Form.INSERT, Form.REVERSE, Form.COUNT)


def scheduled(operation: Operation, timing: CortexM33Timing) -> Scheduled:
    """Classify an operation by the rules of `lab/cores/cortex-m33.yaml`."""
    result, flags = _result(operation, timing), Result((_flags_latency(operation, timing),) * len(Use), "flags")
    found: list[tuple[int, Result, int]] = []
    for register in operation.written:
        if register in operation.loaded:
            found.append((register, result, operation.loaded.index(register)))
        elif register in operation.address:
            found.append((register, Result(timing.simple_result, "result"), 0))
        else:
            is_flags = register in (ARM_REG_CPSR, ARM_REG_FPSCR_NZCV)
            found.append((register, flags if is_flags else result, 0))
    occupies, cause = _occupancy(operation, timing)
    return Scheduled(
        needs=tuple((register, _use(register, operation)) for register in operation.read),
        gives=tuple(found),
        occupies=occupies,
        cause=cause,
        floating=operation.floating,
        blocks_floats=timing.float_mac_blocks if operation.kind is Kind.FLOAT_MAC else 0,
        runs_ahead=operation.kind in _COMPUTES and operation.form not in _MOVES,
    )


def in_two_stages(operation: Operation) -> bool:
    """It goes through the accumulation stage, too: a product, an extended sum, a shifted operand."""
    shifts = bool(operation.shifted) and operation.kind is Kind.ALU
    accumulates = operation.kind is Kind.MULTIPLY or operation.form is Form.EXTEND_ADD
    return accumulates or shifts or operation.constant_shifted


def _use(register: int, operation: Operation) -> Use:
    if register in operation.address:
        return Use.OPERAND
    if operation.kind in (*_STORES, Kind.FLOAT_MOVE_TWO) or operation.form is Form.FROM_CORE:
        return Use.STORED
    if register in operation.accumulated:
        return Use.EXTENDED_ADDEND if operation.form is Form.EXTEND_ADD else Use.ADDEND
    return Use.OPERAND


def _result(operation: Operation, timing: CortexM33Timing) -> Result:
    kind, form = operation.kind, operation.form
    if kind in (Kind.LOAD, Kind.LOAD_PC, Kind.LOAD_MULTIPLE, Kind.LOAD_MULTIPLE_PC) and not operation.vector:
        return Result(timing.loaded, "load")
    if kind in (Kind.FLOAT_LOAD, Kind.LOAD_MULTIPLE):
        return Result(timing.loaded_float, "load")
    if form in (Form.TO_CORE, Form.FROM_CORE):
        return Result(timing.float_to_core if form is Form.TO_CORE else timing.core_to_float, "float")
    if kind is Kind.FLOAT_MOVE_TWO:
        return Result(timing.simple_result if moves_two_to_core(operation) else timing.two_core_to_float, "float")
    if kind is Kind.FLOAT_MAC:
        return Result(timing.float_mac_result, "float")
    if kind in (Kind.FLOAT, Kind.FLOAT_DIVIDE):
        return Result(timing.float_result, "float")
    if in_two_stages(operation):
        return Result(timing.accumulated_result, "multiply" if kind is Kind.MULTIPLY else "result")
    if kind is Kind.SIMD and form not in _ONE_STAGE:
        return Result(timing.two_stage_result, "result")
    return Result(timing.simple_result, "result")


def moves_two_to_core(operation: Operation) -> bool:
    """VMOV of two registers from the floating point unit."""
    from capstone.arm import ARM_REG_S0, ARM_REG_S31

    return not any(ARM_REG_S0 <= one <= ARM_REG_S31 for one in operation.written)


def _flags_latency(operation: Operation, timing: CortexM33Timing) -> int:
    shifts = bool(operation.shifted) and operation.kind is Kind.ALU
    return timing.shifted_flags if shifts else 1


def _occupancy(operation: Operation, timing: CortexM33Timing) -> tuple[int, str]:
    kind = operation.kind
    if kind in _WORDS:
        return operation.registers, "multiple transfer"
    if operation.double and kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE):
        return 2, "multiple transfer"
    sets_flags = ARM_REG_CPSR in operation.written
    if sets_flags and (kind is Kind.MULTIPLY or operation.constant_shifted):
        return timing.flag_setting_two_stage, "result"
    if kind is Kind.FLOAT_MOVE_TWO and moves_two_to_core(operation):
        return timing.float_two_to_core, "float"
    return {
        Kind.DIVIDE: (timing.divide, "divide"),
        Kind.FLOAT_DIVIDE: (timing.float_divide, "float divide"),
        Kind.SYSTEM: (timing.system, "system"),
        Kind.BARRIER: (timing.barrier, "system"),
    }.get(kind, (1, ""))
