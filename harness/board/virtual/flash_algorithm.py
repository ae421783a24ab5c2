"""The flash algorithm of virtual STM32 boards, for pyOCD: one for all families, with a table of what differs.

It goes through the registers of the virtual flash controller as an algorithm of the part would, with the sectors that
the silicon has; but it was only ever tried on virtual boards.
"""

from __future__ import annotations

from typing import Any, Final

from harness.board.virtual.algorithm_description import describe
from harness.board.virtual.flash_layout import FlashLayout, SectorRun
from harness.board.virtual.peripherals.flash import KEYS

CODE: Final = (
    0xE7FEBE00, 0x681AA320, 0x60106B58, 0x60106B98, 0x6B18689A, 0x20006010, 0xA31B4770, 0x6A9868DA, 0x20006010,
    0xA3184770, 0x1A406919, 0x40C86959, 0x408869D9, 0x18406A19, 0x600868D9, 0x68086859, 0x42106ADA, 0x6B1AD1FA,
    0x47704010, 0xA30EB510, 0x2000699C, 0xD4033C01, 0xF7FF0020, 0xD0F9FFE9, 0xB530BD10, 0x68DCA308, 0x60256A5D,
    0x6815E004, 0x30046005, 0x39043204, 0xD1F82900, 0x60252500, 0xFFDCF7FF, 0x46C0BD30,
)  # fmt: skip
"""`native/flash_algorithm.s`, assembled."""
ENTRIES: Final = {
    "pc_init": 0x04,
    "pc_unInit": 0x1A,
    "pc_erase_sector": 0x26,
    "pc_eraseAll": 0x4C,
    "pc_program_page": 0x62,
}
"""Offsets of its functions."""
_WIDEST_WRITE = 32
"""Bytes that are programmed at once: 32 on the STM32H7 (RM0433 4.3.7), less on the others."""


def flash_algorithm(layout: FlashLayout, run: SectorRun, flash: int, ram: int) -> dict[str, Any]:
    """pyOCD's description of the algorithm for one run of sectors.

    Args:
        flash: where the flash is in the address map.
        ram: where 48 KiB of memory are, for code, stack and data.
    """
    registers = layout.origin + run.bank * layout.bank_stride
    erase = layout.erase | layout.start | run.select
    parameters = (
        registers + layout.key,
        registers + layout.status,
        registers + layout.clear,
        registers + layout.control,
        flash + run.offset,
        run.size.bit_length() - 1,
        run.count,
        layout.number_bit,
        erase,
        layout.program,
        layout.lock,
        layout.busy,
        layout.sequence_error | layout.programming_error,
        *KEYS,
    )
    return describe(ram, [*CODE, *parameters], ENTRIES, least_bytes=_WIDEST_WRITE)
