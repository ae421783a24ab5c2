"""How the versions of the M-profile architecture differ in their exceptions.

Armv6-M ARM (DDI 0419) B1.5, Armv7-M ARM (DDI 0403) B1.5, Armv8-M ARM (DDI 0553) B3; the latter without the Security
Extension, as on parts whose TrustZone is disabled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.deploy.target import Core

_FLOAT_FRAME_CLEARS = 1 << 4
_TO_THREAD, _TO_PROCESS_STACK = 1 << 3, 1 << 2


@dataclass(frozen=True)
class ExceptionReturn:
    """What an EXC_RETURN value says: the mode and stack to go back to, and whether floating point state lies there."""

    to_handler: bool
    process_stack: bool
    floats: bool


@dataclass(frozen=True)
class Architecture:
    """One version of the architecture.

    Attributes:
        version: 6, 7 or 8.
        configurable_faults: MemManage, BusFault and UsageFault exist; else every fault is a HardFault.
        priority_bits: of 8 that an implementation has where its maker does not say otherwise.
        stack_limits: MSPLIM and PSPLIM.
        tail_bits: of EXC_RETURN for a return to handler mode from a frame without floating point state.
    """

    version: int
    configurable_faults: bool
    priority_bits: int
    stack_limits: bool
    tail_bits: int

    def exception_return(self, state: ExceptionReturn) -> int:
        """The EXC_RETURN value of an entry."""
        mode = 0 if state.to_handler else _TO_THREAD | (_TO_PROCESS_STACK if state.process_stack else 0)
        return (self.tail_bits | mode) & ~(_FLOAT_FRAME_CLEARS if state.floats else 0)

    def parse(self, value: int) -> ExceptionReturn | None:
        """What an EXC_RETURN value says; None where it is none of this architecture."""
        if value | 0xFF != 0xFFFF_FFFF or (self.version < 8 and value & 0xF not in (0x1, 0x9, 0xD)):
            return None
        thread = bool(value & _TO_THREAD)
        return ExceptionReturn(not thread, thread and bool(value & _TO_PROCESS_STACK), not value & _FLOAT_FRAME_CLEARS)


_V6M = Architecture(6, configurable_faults=False, priority_bits=2, stack_limits=False, tail_bits=0xFFFF_FFF1)
_V7M = Architecture(7, configurable_faults=True, priority_bits=4, stack_limits=False, tail_bits=0xFFFF_FFF1)
_V8M = Architecture(8, configurable_faults=True, priority_bits=4, stack_limits=True, tail_bits=0xFFFF_FFB0)

ARCHITECTURES: Final = {
    Core.CORTEX_M0PLUS: _V6M,
    Core.CORTEX_M4: _V7M,
    Core.CORTEX_M7: _V7M,
    Core.CORTEX_M33: _V8M,
}
