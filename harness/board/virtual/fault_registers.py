"""The fault status registers (Armv7-M ARM B3.2.15 ff.): what went wrong, and where."""

from __future__ import annotations

from harness.board.virtual.events import Fault

_FORCED, _VECTOR_TABLE, _DEBUG_EVENT = 1 << 30, 1 << 1, 1 << 31
_MMFAR_VALID, _BFAR_VALID = 1 << 7, 1 << 15


class FaultRegisters:
    """CFSR, HFSR, MMFAR and BFAR; status bits stay until software clears them.

    Attributes:
        cfsr, hfsr, mmfar, bfar: as the core's registers of these names.
    """

    def __init__(self) -> None:
        """Nothing has gone wrong."""
        self.reset()

    def reset(self) -> None:
        """As after a reset."""
        self.cfsr = self.hfsr = self.mmfar = self.bfar = 0

    def record(self, fault: Fault, address: int) -> None:
        """Note a fault; `address` counts for those of data accesses."""
        self.cfsr |= fault.status_bit
        if fault is Fault.DATA_BUS:
            self.cfsr |= _BFAR_VALID
            self.bfar = address
        elif fault is Fault.DATA_ACCESS:
            self.cfsr |= _MMFAR_VALID
            self.mmfar = address

    def note_escalation(self) -> None:
        """A fault that its own exception could not take is a HardFault."""
        self.hfsr |= _FORCED

    def note_vector_fault(self) -> None:
        """The vector table could not be read."""
        self.hfsr |= _VECTOR_TABLE

    def note_debug_event(self) -> None:
        """A breakpoint with no debugger."""
        self.hfsr |= _DEBUG_EVENT
