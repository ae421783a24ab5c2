"""The flash algorithm of virtual i.MX RT1170 boards, for pyOCD: by commands of the FlexSPI to its serial NOR flash."""

from __future__ import annotations

from typing import Any, Final

from harness.board.virtual.algorithm_description import describe

CODE: Final = (
    0xE7FEBE00, 0x4B40B510, 0xF0206818, 0x60180002, 0x6198483E, 0x61D82002, 0xF503A13F, 0x24147204, 0x0B04F851,
    0x0B04F842, 0xD1F93C01, 0xF8C3203C, 0x200000BC, 0x2000BD10, 0xB5104770, 0x5140F1A0, 0x3040F44F, 0xB510E003,
    0xF44F2100, 0xF00020A0, 0xF000F829, 0xBD10F83C, 0xF1A0B5F0, 0xEB055540, 0x46140601, 0xE01A2000, 0x48294629,
    0xF81AF000, 0x69582702, 0x0F40F010, 0xF503D0FB, 0x212072C0, 0x0B04F854, 0x0B04F842, 0xD1F93901, 0x61582040,
    0xD1EE3F01, 0xF81BF000, 0xF505D103, 0x42B57580, 0xBDF0D1E2, 0x4B18B503, 0x3080F44F, 0xF0002100, 0xF000F804,
    0xE8BDF821, 0x22094003, 0xF8C3615A, 0xF8C310A0, 0x220100A4, 0x20B0F8C3, 0xB5004770, 0xF812F000, 0x2001D10F,
    0x00B8F8C3, 0x2100480D, 0xFFEBF7FF, 0xF808F000, 0xF8D3D105, 0xF0100100, 0xD1F00F01, 0xBD002000, 0xF0106958,
    0xD0FB0F01, 0x0008F010, 0xBF004770, 0x400CC000, 0x5AF05AF0, 0x00040100, 0x00020001, 0x00000406, 0x00000000,
    0x00000000, 0x00000000, 0x24040405, 0x00000000, 0x00000000, 0x00000000, 0x08180420, 0x00000000, 0x00000000,
    0x00000000, 0x08180402, 0x00002004, 0x00000000, 0x00000000, 0x000004C7, 0x00000000, 0x00000000, 0x00000000,
)  # fmt: skip
"""`native/flexspi_algorithm.s`, assembled."""
SECTOR: Final = 4096
"""Bytes that the command 20 erases (sectorSize in the configuration block of the EVK, MCUXpresso SDK)."""
ENTRIES: Final = {
    "pc_init": 0x04,
    "pc_unInit": 0x36,
    "pc_erase_sector": 0x3A,
    "pc_eraseAll": 0x46,
    "pc_program_page": 0x58,
}
_LEAST: Final = 256
"""Bytes of a page of the flash."""


def flexspi_algorithm(ram: int) -> dict[str, Any]:
    """pyOCD's description of the algorithm; `ram` is where 48 KiB of memory are, for code, stack and data."""
    return describe(ram, CODE, ENTRIES, least_bytes=_LEAST)
