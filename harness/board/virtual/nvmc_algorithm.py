"""The flash algorithm of virtual nRF53 boards, for pyOCD: through the NVMC, as an algorithm of the part would."""

from __future__ import annotations

from typing import Any, Final

from harness.board.virtual.algorithm_description import describe

CODE: Final = (
    0xE7FEBE00, 0x47702000, 0x4B0E2102, 0xF06F6019, 0x60020200, 0x60182000, 0x4B0A4770, 0x60192102, 0x60992101,
    0xB510E7F6, 0x24014B06, 0xE004601C, 0x4B04F852, 0x4B04F840, 0x29003904, 0x2000D1F8, 0xBD106018, 0x50039504,
)  # fmt: skip
"""`native/nvmc_algorithm.s`, assembled."""
SECTOR: Final = 4096
"""Bytes of a page (PS 7.20)."""
ENTRIES: Final = {
    "pc_init": 0x04,
    "pc_unInit": 0x04,
    "pc_erase_sector": 0x08,
    "pc_eraseAll": 0x1A,
    "pc_program_page": 0x26,
}
_WORD: Final = 4


def nvmc_algorithm(ram: int) -> dict[str, Any]:
    """pyOCD's description of the algorithm; `ram` is where 48 KiB of memory are, for code, stack and data."""
    return describe(ram, CODE, ENTRIES, least_bytes=_WORD)
