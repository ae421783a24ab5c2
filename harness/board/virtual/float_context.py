"""Floating point state across exceptions: reserved on the stack at once, saved when a handler needs the registers.

Armv7-M ARM B1.5.7, B3.2.21 ff. (FPCCR, FPCAR, FPDSCR). QEMU inside Unicorn stops in front of the first floating point
instruction while FPCCR.LSPACT is set, and saves the registers to where its own FPCAR points: to a window of registers,
whose writes tell that it is time (see `peripherals.float_context`). So the cycles are spent where silicon spends them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from harness.board.virtual.core_state import CoreState
from harness.board.virtual.events import Fault

WINDOW = 0xE00F_0000
"""Where QEMU saves to: a page of the private peripheral bus, which no memory protection reaches, with nothing in it."""

_AUTOMATIC, _LAZY, _PENDING_SAVE, _UNPRIVILEGED, _FROM_THREAD = 1 << 31, 1 << 30, 1 << 0, 1 << 1, 1 << 3
_WRITABLE = _AUTOMATIC | _LAZY | 0x17B
_DEFAULTS = 0x07C0_0000
WORDS = 18
"""S0 to S15, FPSCR and a word that aligns the stack."""

WriteStack = Callable[[int, bytes, bool], Fault | None]


class FloatContext:
    """FPCCR, FPCAR and FPDSCR, and what they bring about.

    Attributes:
        address: FPCAR.
    """

    def __init__(self, core: CoreState, write: WriteStack, on_saved: Callable[[Fault | None], None]) -> None:
        """Make the context of a core.

        Args:
            write: stores (address, bytes, privileged) on a stack; the fault that kept it from doing so.
            on_saved: called when state that was reserved for has been saved, or has failed to be.
        """
        self._core: Final = core
        self._write: Final = write
        self._on_saved: Final = on_saved
        self.reset()

    def reset(self) -> None:
        """Automatic and lazy, as after a reset."""
        self.address = 0
        self.control = _AUTOMATIC | _LAZY
        self.defaults = 0

    @property
    def control(self) -> int:
        """FPCCR."""
        return self._control

    @control.setter
    def control(self, value: int) -> None:
        self._control = value & _WRITABLE
        system = self._core.system
        system.fpccr[0] = self._control & (_AUTOMATIC | _PENDING_SAVE)
        system.fpcar[0] = WINDOW

    @property
    def defaults(self) -> int:
        """FPDSCR: the FPSCR of a new context."""
        return int(self._core.system.fpdscr[0])

    @defaults.setter
    def defaults(self, value: int) -> None:
        self._core.system.fpdscr[0] = value & _DEFAULTS

    @property
    def pending_save(self) -> bool:
        """FPCCR.LSPACT: registers still hold what space on a stack is reserved for."""
        return bool(self._control & _PENDING_SAVE)

    def drop_pending_save(self) -> None:
        """The registers were not needed after all."""
        self.control = self._control & ~_PENDING_SAVE

    def reserve_or_save(self, address: int, *, privileged: bool, from_thread: bool) -> tuple[Fault | None, bool]:
        """At an exception's entry, with floating point state in use: what went wrong, and whether it was saved now."""
        if not self._control & _LAZY:
            return self._save(address, privileged), True
        who = (0 if privileged else _UNPRIVILEGED) | (_FROM_THREAD if from_thread else 0)
        self.address = address
        self.control = self._control & ~(_UNPRIVILEGED | _FROM_THREAD) | who | _PENDING_SAVE
        return None, False

    def save_pending(self) -> None:
        """Save what was reserved for: a handler is about to use the registers."""
        fault = self._save(self.address, not self._control & _UNPRIVILEGED)
        self.control = self._control & ~_PENDING_SAVE
        self._on_saved(fault)

    def restore(self, words: bytes) -> None:
        """Load the registers from a frame."""
        from unicorn import arm_const as arm

        values = struct.unpack(f"<{WORDS}I", words)
        self._core.floats[:16] = list(values[:16])
        self._core.write_register(arm.UC_ARM_REG_FPSCR, values[16])

    def _save(self, address: int, privileged: bool) -> Fault | None:
        from unicorn import arm_const as arm

        status = self._core.read_register(arm.UC_ARM_REG_FPSCR)
        return self._write(address, struct.pack(f"<{WORDS}I", *self._core.floats[:16], status, 0), privileged)
