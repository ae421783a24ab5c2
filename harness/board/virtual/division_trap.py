"""CCR.DIV_0_TRP: Unicorn divides by zero silently, so that a native check goes in front of each division that runs."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

from harness.board.virtual.native_hook import native_hook
from harness.board.virtual.native_state import Division
from harness.board.virtual.timing.instruction import Instruction, Kind


class DivisionTrap:
    """Watches divisions while the trap is enabled; costs nothing while it is not."""

    def __init__(self, engine: Any, hook: ctypes.CDLL, disassembler: Any, forget: Callable[[int, int], None]) -> None:
        self._engine = engine
        self._hook = hook
        self._disassembler = disassembler
        self._forget = forget
        self._enabled = self._wanted = False
        self._found: list[Instruction] = []
        self._watched: dict[int, tuple[Division, ctypes.c_size_t]] = {}
        self._trapped = ctypes.c_uint64(0)

    def enable(self, enabled: bool) -> None:
        """Switch the trap; may be called while code runs."""
        self._wanted = enabled

    def switched(self) -> bool:
        """Carry out what `enable` asked for; true if that changed it, and all code must be translated anew."""
        from unicorn.unicorn_py3.unicorn import uclib

        if self._wanted == self._enabled:
            return False
        self._enabled = self._wanted
        if not self._enabled:
            for _, handle in self._watched.values():
                uclib.uc_hook_del(self._engine._uch, handle)
            self._watched.clear()
        return True

    def want(self, block: Sequence[Instruction]) -> bool:
        """Note divisions of a new block that are not watched yet; true if there are any."""
        if self._enabled:
            self._found = [one for one in block if one.kind is Kind.DIVIDE and one.location not in self._watched]
        return bool(self._found)

    def install(self) -> None:
        """Watch what `want` found; not while code runs."""
        for instruction in self._found:
            self._watch(instruction)
            self._forget(instruction.location, instruction.size)
        self._found = []

    def trapped(self) -> bool:
        """Whether the run ended in front of a division by zero."""
        trapped, self._trapped.value = bool(self._trapped.value), 0
        return trapped

    def _watch(self, instruction: Instruction) -> None:
        from unicorn import UC_HOOK_CODE, arm_const
        from unicorn.unicorn_py3.unicorn import uclib

        divisor = self._disassembler.reg_name(instruction.operation.read[-1]).upper()
        division = Division(
            read_register=ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value,
            stop=ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value,
            divisor=getattr(arm_const, f"UC_ARM_REG_{divisor}"),
            trapped=ctypes.pointer(self._trapped),
        )
        where = instruction.location
        handle = native_hook(self._engine, UC_HOOK_CODE, self._hook.on_division, ctypes.byref(division), where, where)
        self._watched[where] = (division, handle)
