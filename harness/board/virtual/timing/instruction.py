"""What the timing rules look at in an instruction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


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
    NOP = auto()
    BARRIER = auto()
    SYSTEM = auto()


class Form(Enum):
    """Finer differences within a kind, which only some cores make."""

    OTHER = auto()
    ADD = auto()
    """ADD, SUB, ADR."""
    MOVE = auto()
    SHIFT = auto()
    """A shift or rotation by itself, by a constant or a register."""
    REVERSE = auto()
    """REV and its like, RBIT."""
    EXTRACT = auto()
    """SBFX, UBFX."""
    INSERT = auto()
    """BFI, BFC."""
    PACK = auto()
    """PKHBT, PKHTB."""
    COUNT = auto()
    """CLZ."""
    EXTEND = auto()
    """SXTB, UXTH and their like, without addition."""
    EXTEND_ADD = auto()
    SATURATE = auto()
    """SSAT, QADD and their like, USAD8."""
    FLOAT_ADD = auto()
    FLOAT_MULTIPLY = auto()
    SQUARE_ROOT = auto()
    UNFUSED = auto()
    """VMLA and its like: rounds between multiplication and addition."""
    TO_CORE = auto()
    """VMOV of one register from the floating point unit."""
    FROM_CORE = auto()
    FLOAT_MOVE = auto()
    FLOAT_CONSTANT = auto()
    STATUS = auto()
    """VMRS, VMSR."""
    MASK = auto()
    """CPS."""


INDIRECT = (Kind.INDIRECT_BRANCH, Kind.LOAD_PC, Kind.LOAD_MULTIPLE_PC, Kind.TABLE_BRANCH)
BRANCHES = (Kind.BRANCH, Kind.CONDITIONAL_BRANCH, *INDIRECT)
_FLOATING = frozenset(
    (Kind.FLOAT, Kind.FLOAT_MAC, Kind.FLOAT_DIVIDE, Kind.FLOAT_MOVE_TWO, Kind.FLOAT_LOAD, Kind.FLOAT_STORE)
)
_TRANSFERS = (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE)


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What an instruction does, wherever it is.

    Attributes:
        size: bytes of its code.
        registers: how many a multiple transfer moves, in words.
        written, read: Capstone's register numbers; double precision registers as the two halves, the flags as CPSR.
        address: registers that form a memory address; `base` the first of them.
        offset: what is added to the base before the access, bytes.
        loaded: registers that come from memory, in order.
        shifted: registers that pass a shifter before the operation itself; `constant_shifted`: a constant does.
        accumulated: registers that are added to a product, or to an extended value, at the end.
        register_offset: the address has an index register.
        writeback: the base register is updated.
        narrow: a byte or half-word access.
        double: 64-bit floating point.
        vector: a multiple transfer of floating point registers.
    """

    size: int
    kind: Kind
    form: Form = Form.OTHER
    registers: int = 1
    written: tuple[int, ...] = ()
    read: tuple[int, ...] = ()
    address: tuple[int, ...] = ()
    base: int = 0
    offset: int = 0
    loaded: tuple[int, ...] = ()
    shifted: tuple[int, ...] = ()
    constant_shifted: bool = False
    accumulated: tuple[int, ...] = ()
    register_offset: bool = False
    writeback: bool = False
    narrow: bool = False
    double: bool = False
    vector: bool = False

    @property
    def floating(self) -> bool:
        """Needs the floating point unit."""
        return self.kind in _FLOATING or (self.kind in _TRANSFERS and self.vector)


@dataclass(frozen=True, slots=True)
class Instruction:
    """An operation at a place."""

    location: int
    operation: Operation

    @property
    def kind(self) -> Kind:
        """Of the operation."""
        return self.operation.kind

    @property
    def size(self) -> int:
        """In bytes."""
        return self.operation.size

    @property
    def straddles(self) -> bool:
        """A 32-bit instruction that lies across two words of code memory."""
        return self.operation.size == 4 and bool(self.location & 2)
