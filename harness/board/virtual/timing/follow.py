"""Follows the integer registers through a basic block, symbolically, for the sake of the addresses in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from capstone import arm

from harness.board.virtual.timing.address_program import (
    AddressProgram,
    Computed,
    Linear,
    StepFlag,
    StepKind,
    Value,
    constant,
)

_REGISTERS: Final = {arm.ARM_REG_R0 + index: index for index in range(13)} | {
    arm.ARM_REG_SP: 13,
    arm.ARM_REG_LR: 14,
    arm.ARM_REG_PC: 15,
}
_PC = 15
_BINARY: Final = {
    arm.ARM_INS_MUL: StepKind.MULTIPLY,
    arm.ARM_INS_AND: StepKind.AND,
    arm.ARM_INS_ORR: StepKind.OR,
    arm.ARM_INS_EOR: StepKind.XOR,
    arm.ARM_INS_LSL: StepKind.SHIFT_LEFT,
    arm.ARM_INS_LSR: StepKind.SHIFT_RIGHT,
    arm.ARM_INS_ASR: StepKind.SHIFT_RIGHT_SIGNED,
}
_SHIFTS: Final = {
    arm.ARM_SFT_LSL: StepKind.SHIFT_LEFT,
    arm.ARM_SFT_LSR: StepKind.SHIFT_RIGHT,
    arm.ARM_SFT_ASR: StepKind.SHIFT_RIGHT_SIGNED,
}
_EXTENSIONS: Final = {
    arm.ARM_INS_UXTB: (8, False),
    arm.ARM_INS_UXTH: (16, False),
    arm.ARM_INS_SXTB: (8, True),
    arm.ARM_INS_SXTH: (16, True),
}
# Size in bytes, and whether the loaded value is signed.
_LOADS: Final = {
    arm.ARM_INS_LDR: (4, False),
    arm.ARM_INS_LDREX: (4, False),
    arm.ARM_INS_LDRB: (1, False),
    arm.ARM_INS_LDRH: (2, False),
    arm.ARM_INS_LDRSB: (1, True),
    arm.ARM_INS_LDRSH: (2, True),
}
_STORES: Final = {arm.ARM_INS_STR: 4, arm.ARM_INS_STRB: 1, arm.ARM_INS_STRH: 2, arm.ARM_INS_STREX: 4}
_PAIRS: Final = {arm.ARM_INS_LDRD: StepKind.READ, arm.ARM_INS_STRD: StepKind.WRITE}
_FLOATS: Final = {arm.ARM_INS_VLDR: StepKind.READ, arm.ARM_INS_VSTR: StepKind.WRITE}
# Kind of access, and whether the base register moves down before it.
_MULTIPLES: Final = {
    arm.ARM_INS_LDM: (StepKind.READ, False),
    arm.ARM_INS_LDMDB: (StepKind.READ, True),
    arm.ARM_INS_POP: (StepKind.READ, False),
    arm.ARM_INS_STM: (StepKind.WRITE, False),
    arm.ARM_INS_STMDB: (StepKind.WRITE, True),
    arm.ARM_INS_PUSH: (StepKind.WRITE, True),
    arm.ARM_INS_VLDMIA: (StepKind.READ, False),
    arm.ARM_INS_VLDMDB: (StepKind.READ, True),
    arm.ARM_INS_VPOP: (StepKind.READ, False),
    arm.ARM_INS_VSTMIA: (StepKind.WRITE, False),
    arm.ARM_INS_VSTMDB: (StepKind.WRITE, True),
    arm.ARM_INS_VPUSH: (StepKind.WRITE, True),
}
_ON_STACK: Final = (arm.ARM_INS_PUSH, arm.ARM_INS_POP, arm.ARM_INS_VPUSH, arm.ARM_INS_VPOP)
_ZERO: Final = constant(0)
_DIVISIONS: Final = {arm.ARM_INS_UDIV: False, arm.ARM_INS_SDIV: True}


class Follower:
    """What each register holds at the point reached, in terms of the block's start."""

    def __init__(self, program: AddressProgram) -> None:
        self._program: Final = program
        self._values: dict[int, Value] = {index: Linear(index) for index in range(15)}
        # Words stored in this block, by address: a spilled pointer that is loaded again.
        self._stored: dict[Linear, Value] = {}

    def follow(self, raw: Any) -> None:
        """Go past one instruction, adding its accesses to the program."""
        if raw.id == 0:
            return
        written = {_REGISTERS[one] for one in raw.regs_access()[1] if one in _REGISTERS}
        results = self._access(raw) if _is_access(raw) else self._compute(raw)
        conditional = raw.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
        # Capstone forgets that STMDB updates its base.
        for register in written | set(results):
            self._values[register] = None if conditional else results.get(register)

    # ---- accesses to memory

    def _access(self, raw: Any) -> dict[int, Value]:
        if raw.id in _MULTIPLES:
            return self._multiple(raw)
        operands = raw.operands
        position = next(index for index, one in enumerate(operands) if one.type == arm.ARM_OP_MEM)
        memory = operands[position].mem
        base, index = self._base(raw, memory.base), self._index(memory)
        after = self._moved(base, operands[position + 1 :]) if raw.post_index else None
        if not raw.post_index:
            base = _plus(base, memory.disp)
        shift = operands[position].shift.value
        kind, size = _direction(raw)
        self._program.access(kind, raw.address, base, index, shift, size)
        results: dict[int, Value] = {}
        if raw.id in _LOADS and base is not None and index is not None:
            results[_REGISTERS[operands[0].reg]] = self._loaded(base, index, shift, *_LOADS[raw.id])
        if raw.id == arm.ARM_INS_STR and base is not None and index == _ZERO:
            self._stored[base] = self._values[_REGISTERS[operands[0].reg]]
        if raw.writeback and memory.base in _REGISTERS:
            results[_REGISTERS[memory.base]] = after if raw.post_index else base
        return results

    def _multiple(self, raw: Any) -> dict[int, Value]:
        kind, downwards = _MULTIPLES[raw.id]
        registers = [one.reg for one in raw.operands]
        base_register = arm.ARM_REG_SP if raw.id in _ON_STACK else registers.pop(0)
        size = sum(8 if arm.ARM_REG_D0 <= one <= arm.ARM_REG_D31 else 4 for one in registers)
        base = self._values[_REGISTERS[base_register]]
        start = _plus(base, -size if downwards else 0)
        self._program.access(kind, raw.address, start, constant(0), 0, size)
        results: dict[int, Value] = {}
        if start is not None and kind is StepKind.READ and registers[0] in _REGISTERS:
            for position, register in enumerate(registers):
                results[_REGISTERS[register]] = self._loaded(start.plus(4 * position), _ZERO, 0, 4, signed=False)
        if start is not None and kind is StepKind.WRITE and registers[0] in _REGISTERS:
            for position, register in enumerate(registers):
                self._stored[start.plus(4 * position)] = self._values[_REGISTERS[register]]
        if (raw.writeback or raw.id in _ON_STACK) and _REGISTERS[base_register] not in results:
            results[_REGISTERS[base_register]] = start if downwards else _plus(base, size)
        return results

    def _loaded(self, base: Linear, index: Linear, shift: int, width: int, signed: bool) -> Value:
        """What a load finds: what this block stored there, or else what was there as it began."""
        if width == 4 and index == _ZERO and base in self._stored:
            return self._stored[base]
        flags = StepFlag.SIGNED if signed else StepFlag.NONE
        return Linear(Computed(StepKind.LOAD, base, index, shift, width, flags))

    def _base(self, raw: Any, register: int) -> Value:
        if register == arm.ARM_REG_PC:
            return constant((raw.address + 4) & ~3)
        return self._values[_REGISTERS[register]]

    def _index(self, memory: Any) -> Value:
        if not memory.index:
            return constant(0)
        return self._values[_REGISTERS[memory.index]] if memory.scale >= 0 else None

    def _moved(self, base: Value, rest: Any) -> Value:
        """The base register after a post-indexed access."""
        if len(rest) != 1 or rest[0].type != arm.ARM_OP_IMM:
            return None
        return _plus(base, rest[0].imm)

    # ---- arithmetic

    def _compute(self, raw: Any) -> dict[int, Value]:
        operands = raw.operands
        if raw.id in _DIVISIONS and len(operands) >= 2:
            left, right = (self._operand(raw, one) for one in operands[-2:])
            self._program.divide(
                left, right, signed=_DIVISIONS[raw.id], charged=self._program.cost.divisions.get(raw.address, 0)
            )
            return {}
        if not operands or operands[0].type != arm.ARM_OP_REG or operands[0].reg not in _REGISTERS:
            return {}
        target = _REGISTERS[operands[0].reg]
        # `add r0, r1` has two operands, and three in the manual.
        sources = operands[1:] if len(operands) > 2 or raw.id in _ONE_SOURCE else operands
        values = [self._operand(raw, one) for one in sources]
        if target == _PC or any(value is None for value in values):
            return {}
        if raw.id in _EXTENSIONS:
            return {target: _extended(raw, sources, values)}
        operation = _OPERATIONS.get(raw.id)
        return {target: operation(*values)} if operation is not None and len(values) in (1, 2, 3) else {}

    def _operand(self, raw: Any, operand: Any) -> Value:
        if operand.type == arm.ARM_OP_IMM:
            return constant(operand.imm)
        if operand.type != arm.ARM_OP_REG or operand.reg not in _REGISTERS:
            return None
        if operand.reg == arm.ARM_REG_PC:
            return constant((raw.address + 4) & ~3)
        value = self._values[_REGISTERS[operand.reg]]
        if raw.id in _EXTENSIONS or operand.shift.type == arm.ARM_SFT_INVALID or value is None:
            return value
        kind = _SHIFTS.get(operand.shift.type)
        return None if kind is None else Linear(Computed(kind, value, constant(operand.shift.value)))


def _is_access(raw: Any) -> bool:
    return raw.id in _MULTIPLES or any(one.type == arm.ARM_OP_MEM for one in raw.operands)


def _direction(raw: Any) -> tuple[StepKind, int]:
    """Read or write, and how many bytes."""
    if raw.id in _PAIRS:
        return _PAIRS[raw.id], 8
    if raw.id in _FLOATS:
        double = arm.ARM_REG_D0 <= raw.operands[0].reg <= arm.ARM_REG_D31
        return _FLOATS[raw.id], 8 if double else 4
    if raw.id in _STORES:
        return StepKind.WRITE, _STORES[raw.id]
    return StepKind.READ, _LOADS.get(raw.id, (4, False))[0]


def _plus(value: Value, offset: int) -> Value:
    return None if value is None else value.plus(offset)


def _sum(left: Linear, right: Linear) -> Value:
    if right.constant:
        return left.plus(right.offset)
    return right.plus(left.offset) if left.constant else Linear(Computed(StepKind.ADD, left, right))


def _difference(left: Linear, right: Linear) -> Value:
    return left.plus(-right.offset) if right.constant else Linear(Computed(StepKind.SUBTRACT, left, right))


def _extended(raw: Any, sources: Any, values: list[Value]) -> Value:
    bits, signed = _EXTENSIONS[raw.id]
    if len(values) != 1 or values[0] is None:
        return None
    flags = StepFlag.SIGNED if signed else StepFlag.NONE
    return Linear(Computed(StepKind.FIELD, values[0], constant(0), sources[0].shift.value, bits, flags))


def _field(signed: bool) -> Callable[..., Value]:
    def extract(value: Linear, low: Linear, width: Linear) -> Value:
        flags = StepFlag.SIGNED if signed else StepFlag.NONE
        return Linear(Computed(StepKind.FIELD, value, constant(0), low.offset, width.offset, flags))

    return extract


def _binary(kind: StepKind) -> Callable[..., Value]:
    return lambda left, right: Linear(Computed(kind, left, right))


def _with_upper_half(lower: Linear, upper: Linear) -> Value:
    if not lower.constant:
        return None
    return constant(lower.offset & 0xFFFF | upper.offset << 16)


def _multiply_add(left: Linear, right: Linear, addend: Linear) -> Value:
    return _sum(addend, Linear(Computed(StepKind.MULTIPLY, left, right)))


_ONE_SOURCE: Final = (arm.ARM_INS_MOV, arm.ARM_INS_MOVW, arm.ARM_INS_ADR, *_EXTENSIONS)
_OPERATIONS: Final[dict[int, Callable[..., Value]]] = {
    arm.ARM_INS_MOV: lambda value, *_: value,
    arm.ARM_INS_MOVW: lambda value: value,
    arm.ARM_INS_MOVT: _with_upper_half,
    arm.ARM_INS_ADD: _sum,
    arm.ARM_INS_ADDW: _sum,
    arm.ARM_INS_SUB: _difference,
    arm.ARM_INS_SUBW: _difference,
    arm.ARM_INS_RSB: lambda left, right: _difference(right, left),
    arm.ARM_INS_MLA: _multiply_add,
    arm.ARM_INS_UBFX: _field(signed=False),
    arm.ARM_INS_SBFX: _field(signed=True),
    **{name: _binary(kind) for name, kind in _BINARY.items()},
}
