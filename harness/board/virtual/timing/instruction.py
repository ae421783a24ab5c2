"""Capstone's view of a Thumb instruction, reduced to what the timing rules look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Kind(Enum):
    """Classes of instructions that cost alike."""

    ALU = auto()
    SIMD = auto()
    """Bit-field, extend and saturating integer instructions: the M7 issues them in its older slot only."""
    MULTIPLY = auto()
    DIVIDE = auto()
    LOAD = auto()
    STORE = auto()
    FLOAT_LOAD = auto()
    FLOAT_STORE = auto()
    LOAD_PC = auto()
    LOAD_MULTIPLE = auto()
    LOAD_MULTIPLE_PC = auto()
    STORE_MULTIPLE = auto()
    FLOAT = auto()
    FLOAT_MAC = auto()
    FLOAT_DIVIDE = auto()
    FLOAT_MOVE_TWO = auto()
    BRANCH = auto()
    CONDITIONAL_BRANCH = auto()
    INDIRECT_BRANCH = auto()
    TABLE_BRANCH = auto()
    IT = auto()
    BARRIER = auto()
    SYSTEM = auto()


_FLOATING = frozenset(
    (Kind.FLOAT, Kind.FLOAT_MAC, Kind.FLOAT_DIVIDE, Kind.FLOAT_MOVE_TWO, Kind.FLOAT_LOAD, Kind.FLOAT_STORE)
)
_TRANSFERS = (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE)


@dataclass(slots=True)
class Instruction:
    """One instruction.

    Attributes:
        registers: how many a multiple transfer moves, in words.
        written, read: Capstone's register numbers.
        address: registers that form a memory address; `base` the first of them.
        register_offset: the address has an index register.
        writeback: the base register is updated.
        narrow: a byte or half-word access.
        double: a 64-bit floating point access.
        vector: a multiple transfer of floating point registers.
    """

    location: int
    size: int
    kind: Kind
    registers: int = 1
    written: tuple[int, ...] = ()
    read: tuple[int, ...] = ()
    address: tuple[int, ...] = ()
    base: int = 0
    register_offset: bool = False
    writeback: bool = False
    narrow: bool = False
    double: bool = False
    vector: bool = False

    @property
    def floating(self) -> bool:
        """Needs the floating point unit."""
        return self.kind in _FLOATING or (self.kind in _TRANSFERS and self.vector)

    @property
    def straddles(self) -> bool:
        """A 32-bit instruction that lies across two words of code memory."""
        return self.size == 4 and bool(self.location & 2)


_CONDITION = "(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
_SINGLE = re.compile(f"(ldrex[bhd]?|ldrs[bh]|ldr[bhd]?|strex[bhd]?|str[bhd]?)t?{_CONDITION}")
_DIRECT = re.compile(f"b{_CONDITION}")
_PREFIXES: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("vldm", "vpop"), Kind.LOAD_MULTIPLE),
    (("vstm", "vpush"), Kind.STORE_MULTIPLE),
    (("ldm", "pop"), Kind.LOAD_MULTIPLE),
    (("stm", "push"), Kind.STORE_MULTIPLE),
    (("vldr",), Kind.FLOAT_LOAD),
    (("vstr",), Kind.FLOAT_STORE),
    (("vdiv", "vsqrt"), Kind.FLOAT_DIVIDE),
    (("vfma", "vfms", "vfnm", "vmla", "vmls", "vnml"), Kind.FLOAT_MAC),
    (("v",), Kind.FLOAT),
    (("sdiv", "udiv"), Kind.DIVIDE),
    (("bx", "blx"), Kind.INDIRECT_BRANCH),
    (("cbz", "cbnz"), Kind.CONDITIONAL_BRANCH),
    (("tbb", "tbh"), Kind.TABLE_BRANCH),
    (("it",), Kind.IT),
    (("dsb", "isb", "dmb"), Kind.BARRIER),
    (("mrs", "msr", "cps"), Kind.SYSTEM),
    (("smul", "umul", "smla", "umla", "smls", "mul", "mla", "mls", "smua", "smus", "umaal", "smm"), Kind.MULTIPLY),
    (("sxt", "uxt", "ubfx", "sbfx", "bfi", "bfc", "pkh", "uadd", "sadd", "qadd", "qsub", "qdadd", "qdsub"), Kind.SIMD),
    (("usub", "ssub", "uq", "uh", "sh", "clz", "rev", "rbit", "ssat", "usat", "sel", "usad"), Kind.SIMD),
)


def disassembler() -> Any:
    """A Capstone disassembler for M-profile Thumb code, with details."""
    from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs

    engine = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS)
    engine.detail = True
    engine.skipdata = True
    return engine


def decode(engine: Any, code: bytes, location: int) -> Iterator[Instruction]:
    """The instructions of a piece of code; what is no instruction counts as an ALU operation."""
    for raw in engine.disasm(code, location):
        yield Instruction(raw.address, raw.size, Kind.ALU) if raw.id == 0 else _reduce(raw)


def _reduce(raw: Any) -> Instruction:
    from capstone.arm import ARM_OP_MEM, ARM_OP_REG, ARM_REG_D0, ARM_REG_D31, ARM_REG_PC

    mnemonic = raw.mnemonic.split(".w")[0].removesuffix(".n")
    read, written = raw.regs_access()
    operands = raw.operands
    registers = [operand.reg for operand in operands if operand.type == ARM_OP_REG]
    result = Instruction(raw.address, raw.size, _kind(mnemonic), written=tuple(written), read=tuple(read))
    result.writeback = bool(raw.writeback)
    for operand in operands:
        if operand.type == ARM_OP_MEM:
            result.base = operand.mem.base
            result.register_offset = bool(operand.mem.index)
            result.address = tuple(one for one in (operand.mem.base, operand.mem.index) if one)
    if _SINGLE.fullmatch(mnemonic):
        _single_transfer(result, mnemonic, to_pc=registers[:1] == [ARM_REG_PC])
    elif result.kind in (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE):
        _multiple_transfer(result, mnemonic, registers)
    elif result.kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE):
        result.double = ARM_REG_D0 <= registers[0] <= ARM_REG_D31
    elif result.kind is Kind.FLOAT and mnemonic.startswith("vmov") and len(registers) >= 3:
        result.kind = Kind.FLOAT_MOVE_TWO
    elif result.kind is Kind.ALU and ARM_REG_PC in written:
        result.kind = Kind.INDIRECT_BRANCH
    return result


def _kind(mnemonic: str) -> Kind:
    if mnemonic in ("b", "bl"):
        return Kind.BRANCH
    if _DIRECT.fullmatch(mnemonic):
        return Kind.CONDITIONAL_BRANCH
    return next((kind for prefixes, kind in _PREFIXES if mnemonic.startswith(prefixes)), Kind.ALU)


def _single_transfer(result: Instruction, mnemonic: str, *, to_pc: bool) -> None:
    load = mnemonic.startswith("ld")
    if mnemonic.startswith(("ldrd", "strd", "ldrexd", "strexd")):
        result.kind = Kind.LOAD_MULTIPLE if load else Kind.STORE_MULTIPLE
        result.registers = 2
    else:
        result.kind = Kind.LOAD_PC if to_pc else Kind.LOAD if load else Kind.STORE
        result.narrow = mnemonic.removeprefix("ldr").removeprefix("str").removeprefix("ex")[:1] in ("b", "h", "s")


def _multiple_transfer(result: Instruction, mnemonic: str, registers: list[int]) -> None:
    from capstone.arm import ARM_REG_D0, ARM_REG_D31, ARM_REG_PC, ARM_REG_SP

    on_stack = mnemonic.startswith(("push", "pop", "vpush", "vpop"))
    moved = registers if on_stack else registers[1:]
    result.registers = sum(2 if ARM_REG_D0 <= register <= ARM_REG_D31 else 1 for register in moved)
    result.base = ARM_REG_SP if on_stack else registers[0]
    result.address = (result.base,)
    result.vector = mnemonic.startswith("v")
    if ARM_REG_PC in moved:
        result.kind = Kind.LOAD_MULTIPLE_PC
