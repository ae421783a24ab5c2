"""A processor fault that the firmware reported, in words."""

from __future__ import annotations

from pathlib import Path

from harness.bench.protocol_constants import FAULT, FaultFields
from harness.deploy.image import symbol_at
from harness.errors import ConsoleError

# Bits of the Configurable Fault Status Register, Arm DDI 0403.
_CFSR_BITS = {
    0: "IACCVIOL",
    1: "DACCVIOL",
    3: "MUNSTKERR",
    4: "MSTKERR",
    5: "MLSPERR",
    7: "MMARVALID",
    8: "IBUSERR",
    9: "PRECISERR",
    10: "IMPRECISERR",
    11: "UNSTKERR",
    12: "STKERR",
    13: "LSPERR",
    15: "BFARVALID",
    16: "UNDEFINSTR",
    17: "INVSTATE",
    18: "INVPC",
    19: "NOCP",
    24: "UNALIGNED",
    25: "DIVBYZERO",
}
_STACKING_FAILED = 1 << 4 | 1 << 12


def describe_fault(payload: bytes, elf: Path) -> str:
    """What happened and where, with all the registers.

    Raises:
        ConsoleError: the payload is not a fault's.
    """
    if len(payload) != FAULT.size:
        raise ConsoleError(f"a fault frame has {FAULT.size} bytes, this one {len(payload)}: another firmware?")
    fault = FaultFields(*FAULT.unpack(payload))
    names = "+".join(name for bit, name in _CFSR_BITS.items() if fault.cfsr >> bit & 1) or "no cause given"
    # The stack lies at the bottom of the RAM, so that the core has nowhere to push to when it has overflowed.
    overflow = "stack overflow, " if fault.cfsr & _STACKING_FAILED or not fault.pc else ""
    place = f"at {symbol_at(elf, fault.pc)}, called from {symbol_at(elf, fault.lr)}" if fault.pc else "place unknown"
    registers = ", ".join(f"{name.upper()} {value:#010x}" for name, value in fault._asdict().items())
    return f"{overflow}{names} {place} ({registers})"
