"""Constants that a core's registers show: identification, caches, what its debug units have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.board.spec import CacheGeometry, Level1
from harness.deploy.target import Core

CPUID, MPU_TYPE, CLIDR, CTR = 0xD00, 0xD90, 0xD78, 0xD7C
_WRITE_BACK_ALLOCATE = 0xF000_0000


@dataclass(frozen=True)
class CoreFacts:
    """What the registers of a core show.

    Attributes:
        values: identification registers of the system control space, by offset.
        breakpoint_revision: of the FPB, or BPU.
        dwt_locked: the DWT's registers can be written after an unlock key only.
        cycle_counter: the DWT has one.
    """

    values: Mapping[int, int]
    breakpoint_revision: int
    dwt_locked: bool = False
    cycle_counter: bool = True


CORES = {
    # r0p1 (Cortex-M0+ TRM, table 4-1); an MPU of 8 regions.
    Core.CORTEX_M0PLUS: CoreFacts({CPUID: 0x410C_C601, MPU_TYPE: 0x800}, 1, cycle_counter=False),
    # r0p1 (Cortex-M4 TRM, tables 4-1 and 7-2).
    Core.CORTEX_M4: CoreFacts({CPUID: 0x410F_C241, MPU_TYPE: 0x800}, 1),
    # r0p1 (Cortex-M7 TRM, table 3-1), with level 1 caches.
    Core.CORTEX_M7: CoreFacts(
        {
            CPUID: 0x410F_C271,
            MPU_TYPE: 0x800,
            CLIDR: 0x0900_0003,
            CTR: 0x8303_C003,
        },
        2,
        dwt_locked=True,
    ),
    # r0p4 (Cortex-M33 TRM, table B1-1).
    Core.CORTEX_M33: CoreFacts({CPUID: 0x410F_D214, MPU_TYPE: 0x800}, 2),
}


FLOAT_UNITS: Mapping[str, tuple[int, int, int]] = {
    "": (0, 0, 0),
    "fpv4-sp-d16": (0x1011_0021, 0x1100_0011, 0),
    "fpv5-sp-d16": (0x1011_0021, 0x1100_0011, 0x40),
    "fpv5-d16": (0x1011_0221, 0x1200_0011, 0x40),
}
"""MVFR0, MVFR1 and MVFR2 by GCC's name of the floating point unit (Cortex-M4, M7 and M33 TRM)."""


def cache_sizes(level1: Level1 | None) -> tuple[int, int]:
    """CCSIDR of the data and the instruction cache (Armv7-M ARM B4.8.4); 0 without caches."""
    if level1 is None:
        return 0, 0
    return _cache_size(level1.data, level1.line), _cache_size(level1.instructions, level1.line)


def _cache_size(cache: CacheGeometry, line: int) -> int:
    sets = cache.size // (cache.ways * line)
    words_of_line = line.bit_length() - 5
    return _WRITE_BACK_ALLOCATE | sets - 1 << 13 | cache.ways - 1 << 3 | words_of_line
