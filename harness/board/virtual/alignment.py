"""Alignment of memory accesses: which are faults, and which run on.

All code is first translated with checks of alignment, which cost nothing while they hold. An access that fails one is a
fault where the architecture says so (Armv7-M ARM A3.2.1): always for LDM, LDRD, VLDR, LDREX and their like, and for the
others while CCR.UNALIGN_TRP is set; always on Armv6-M. Else its basic block is translated anew without the checks, and
goes on where it was. Where such a block holds an instruction of the first kind too, that one is not checked any more.
"""

from __future__ import annotations

from typing import Any, Final

from harness.board.virtual.block_clock import BlockClock
from harness.board.virtual.core_state import CoreState

_LONGEST_BLOCK = 2048
"""No block of Unicorn's is longer, in bytes."""


class AlignmentCheck:
    """The checks of one engine.

    Attributes:
        traps_all: CCR.UNALIGN_TRP, or a core that has no unaligned accesses.
    """

    def __init__(self, uc: Any, core: CoreState, clock: BlockClock, *, always: bool) -> None:
        """Check everything; `always`: as Armv6-M does."""
        self._uc: Final = uc
        self._core: Final = core
        self._clock: Final = clock
        self._always: Final = always
        self.traps_all = always
        self._tolerated: Final[dict[int, int]] = {}
        core.allow_unaligned_accesses(False)

    def trap_all(self, enabled: bool) -> None:
        """Set CCR.UNALIGN_TRP; code that is translated without checks has to be forgotten."""
        self.traps_all = enabled or self._always
        self.forget()

    def forget(self) -> None:
        """Check all code again that is translated from now on."""
        self._tolerated.clear()

    def is_fault(self, code: bytes, address: int) -> bool:
        """Whether an access that failed a check is one for the architecture too, by its instruction."""
        aligned_to = _required_alignment(*(int.from_bytes(code[at : at + 2], "little") for at in (0, 2)))
        return self.traps_all if aligned_to == 0 else bool(address % aligned_to)

    def tolerate(self, pc: int) -> None:
        """Have the block that the clock has entered last run without checks, from its start and from `pc` on."""
        start, size = self._clock.entered()
        self._uc.ctl_remove_cache(start, start + size)
        # Where the run went on within an IT block, a block begins with what is left of its conditions.
        self._tolerated[pc] = self._core.it_state
        if start != pc:
            self._tolerated[start] = 0
        self._core.allow_unaligned_accesses(True)
        # Blocks may overlap: what was removed may be other blocks without checks, which begin before this one or in it.
        for address, it_state in self._tolerated.items():
            if start - _LONGEST_BLOCK < address < start + size:
                self._core.translate(address, it_state)
        self._core.allow_unaligned_accesses(False)


def _required_alignment(first: int, second: int) -> int:
    """Bytes that an instruction's address must be a multiple of in any case; 0: as UNALIGN_TRP says."""
    if first >> 12 == 0xC:
        return 4  # 16-bit LDM and STM
    if first & 0xFE00 == 0xEC00:
        return 4  # VLDR, VSTR, VLDM, VSTM
    if first & 0xFE00 != 0xE800 or (first & 0xFFF0 == 0xE8D0 and second & 0xFFE0 == 0xF000):
        return 0  # what is left is TBB and TBH
    half_word = first & 0xFFE0 == 0xE8C0 and second >> 4 & 0xF in (0x5, 0x9, 0xD)
    return 2 if half_word else 4  # LDREXH, STREXH, LDAH, STLH; LDM, STM, LDRD, STRD, LDREX, STREX
