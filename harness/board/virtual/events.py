"""Why the engine stopped running code, and the faults that code can cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Cause(Enum):
    """Reasons for which a run ends."""

    DEADLINE = auto()
    """The cycles asked for have passed, or somebody asked for attention."""
    WAIT = auto()
    """WFI."""
    WAIT_FOR_EVENT = auto()
    """WFE."""
    SUPERVISOR_CALL = auto()
    EXCEPTION_RETURN = auto()
    BREAKPOINT = auto()
    """A BKPT instruction, or an address the breakpoint unit watches."""
    FAULT = auto()


class Fault(Enum):
    """Faults, as (exception number, bit of CFSR), Armv7-M ARM B3.2.15; STACK_LIMIT is Armv8-M's (STKOF).

    BREAKPOINT is a BKPT with no debugger to take it: a HardFault without a bit in CFSR (C1.6.1).
    """

    BREAKPOINT = (3, 0)
    EXECUTE_NEVER = (4, 1 << 0)
    DATA_ACCESS = (4, 1 << 1)
    PROTECTED_UNSTACKING = (4, 1 << 3)
    PROTECTED_STACKING = (4, 1 << 4)
    PROTECTED_LAZY_STACKING = (4, 1 << 5)
    INSTRUCTION_BUS = (5, 1 << 8)
    DATA_BUS = (5, 1 << 9)
    UNSTACKING = (5, 1 << 11)
    STACKING = (5, 1 << 12)
    LAZY_STACKING = (5, 1 << 13)
    UNDEFINED_INSTRUCTION = (6, 1 << 16)
    INVALID_STATE = (6, 1 << 17)
    INVALID_PC = (6, 1 << 18)
    NO_COPROCESSOR = (6, 1 << 19)
    STACK_LIMIT = (6, 1 << 20)
    UNALIGNED = (6, 1 << 24)
    DIVIDE_BY_ZERO = (6, 1 << 25)

    @property
    def exception(self) -> int:
        """The number of the exception that takes it, where that one is enabled."""
        return self.value[0]

    @property
    def status_bit(self) -> int:
        """Its bit in CFSR."""
        return self.value[1]


@dataclass(frozen=True)
class Event:
    """The end of a run.

    Attributes:
        pc: of the next instruction; for faults, of the one that faulted.
        fault: for `Cause.FAULT`.
        address: of the data access, for faults of data accesses.
    """

    cause: Cause
    pc: int
    fault: Fault | None = None
    address: int = 0
