"""How the flash of each STM32 family is divided, and where its controller has its registers and bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from harness.board.virtual.memory_interface import STM32F4, STM32F7, STM32G0, STM32H7, STM32L4, STM32U5, AccessControl

KIB = 1024
_START_BIT, _LOCK_BIT = 1 << 16, 1 << 31


@dataclass(frozen=True)
class SectorRun:
    """Sectors of one size, one behind the other.

    Attributes:
        offset: of the first, from the beginning of the flash, in bytes.
        select: what selects the first in the control register; each that follows has the next number.
        bank: whose registers control it, where each bank has its own.
    """

    offset: int
    size: int
    count: int
    select: int
    bank: int = 0

    @property
    def bytes(self) -> int:
        """Of all of them."""
        return self.size * self.count


@dataclass(frozen=True)
class FlashLayout:
    """A family's controller.

    Attributes:
        origin: of the registers, as in the family's file.
        key, status, clear, control: offsets; ones written to `clear` clear flags of `status`.
        runs: the sectors of a flash of this size in bytes.
        number_bit: of the sector's number in the control register; `selection` is a mask of all bits that select it.
        program, erase, start, lock: bits of the control register; `mass_erase`, one for each equal part of the flash.
        busy, sequence_error, programming_error: flags, for a write that was not announced and one that can't be done.
        needs_erased: programming what is not erased is an error; otherwise ones turn to zeros.
        bank_stride: from one bank's registers to the next one's; 0: both share one set.
        access, options: what FLASH_ACR means, and the offset of the register with the option that it depends on.
        values: reset values by offset.
    """

    origin: int
    key: int
    status: int
    clear: int
    control: int
    runs: Callable[[int], tuple[SectorRun, ...]]
    selection: int
    mass_erase: tuple[int, ...]
    access: AccessControl
    sequence_error: int = 1 << 7
    programming_error: int = 1 << 3
    needs_erased: bool = True
    number_bit: int = 3
    program: int = 1 << 0
    erase: int = 1 << 1
    start: int = _START_BIT
    lock: int = _LOCK_BIT
    busy: int = 1 << 16
    bank_stride: int = 0
    options: int | None = None
    values: dict[int, int] = field(default_factory=dict)


def _two_banks(page: int, bank_bit: int, size: int) -> tuple[SectorRun, ...]:
    count = size // (2 * page)
    return SectorRun(0, page, count, 0), SectorRun(size // 2, page, count, bank_bit)


def _graded(sizes: tuple[tuple[int, int], ...], size: int, *, offset: int = 0, first: int = 0) -> list[SectorRun]:
    """Runs of (sector size, how many), the last for as many as there is flash left."""
    runs, start, number = [], offset, first
    for sector, count in sizes:
        count = min(count, (offset + size - start) // sector)
        runs.append(SectorRun(start, sector, count, number << 3))
        start, number = start + sector * count, number + count
    return runs


def _stm32l4(size: int) -> tuple[SectorRun, ...]:
    """Two banks of 256 pages: 4 KiB on the L4+ (RM0432 3.3.1), 2 KiB on the L4 (RM0351 3.3.1)."""
    return _two_banks(size // 512, 1 << 11, size)


def _stm32u5(size: int) -> tuple[SectorRun, ...]:
    """Two banks of 8 KiB pages (RM0456 7.3.1)."""
    return _two_banks(8 * KIB, 1 << 11, size)


def _stm32g0(size: int) -> tuple[SectorRun, ...]:
    """Two banks of 2 KiB pages (RM0444 3.3.1); the number's upper bits count the bank too."""
    return _two_banks(2 * KIB, 1 << 13, size)


def _stm32f7(size: int) -> tuple[SectorRun, ...]:
    """Four sectors of 32 KiB, one of 128 KiB, the rest 256 KiB (RM0385 table 3; RM0410 table 4, single bank)."""
    return tuple(_graded(((32 * KIB, 4), (128 * KIB, 1), (256 * KIB, 16)), size))


def _stm32f4(size: int) -> tuple[SectorRun, ...]:
    """Two banks of sectors of 16, 64 and 128 KiB, the second one's numbered from 16 on (RM0386 table 5)."""
    sizes, bank = ((16 * KIB, 4), (64 * KIB, 1), (128 * KIB, 16)), size // 2
    return tuple(_graded(sizes, bank) + _graded(sizes, bank, offset=bank, first=16))


def _stm32h7(size: int) -> tuple[SectorRun, ...]:
    """Two banks of 128 KiB sectors (RM0433 4.3.7)."""
    sector, bank = 128 * KIB, size // 2
    return SectorRun(0, sector, bank // sector, 0), SectorRun(bank, sector, bank // sector, 0, bank=1)


def _stm32h7a3(size: int) -> tuple[SectorRun, ...]:
    """Two banks of 8 KiB sectors (RM0455 4.3.6)."""
    sector, bank = 8 * KIB, size // 2
    return SectorRun(0, sector, bank // sector, 0), SectorRun(bank, sector, bank // sector, 0, bank=1)


LAYOUTS = {
    # RM0432 3.7. Of the options, DBANK is set and DB1M is not: two banks of 1 MiB.
    "stm32l4": FlashLayout(
        0x4002_2000, key=0x08, status=0x10, clear=0x10, control=0x14, runs=_stm32l4, selection=0x1FF << 3,
        mass_erase=(1 << 2, 1 << 15), access=STM32L4, options=0x20, values={0x00: 0x600, 0x20: 0xFFCF_F8AA},
    ),
    # RM0456 7.9. Of the options, DUALBANK is set and TZEN is not.
    "stm32u5": FlashLayout(
        0x4002_2000, key=0x08, status=0x20, clear=0x20, control=0x28, runs=_stm32u5, selection=0x17F << 3,
        mass_erase=(1 << 2, 1 << 15), access=STM32U5, options=0x40,
        values={0x00: 0x01, 0x2C: _LOCK_BIT, 0x40: 0x1FEF_F8AA, 0x44: 0x0800_007F, 0x48: 0x0BF9_007F},
    ),
    # RM0444 3.7. Of the options, DUAL_BANK is set.
    "stm32g0": FlashLayout(
        0x4002_2000, key=0x08, status=0x10, clear=0x10, control=0x14, runs=_stm32g0, selection=0x47F << 3,
        mass_erase=(1 << 2, 1 << 15), access=STM32G0, busy=3 << 16, options=0x20,
        values={0x00: 0x4_0600, 0x20: 0xFFFF_FEAA},
    ),
    # RM0386 3.9.
    "stm32f4": FlashLayout(
        0x4002_3C00, key=0x04, status=0x0C, clear=0x0C, control=0x10, runs=_stm32f4, selection=0x1F << 3,
        mass_erase=(1 << 2, 1 << 15), access=STM32F4, programming_error=1 << 6, needs_erased=False,
        options=0x14, values={0x14: 0x0FFF_AAED, 0x18: 0x0FFF_0000},
    ),
    # RM0385 3.7. Of the options of the F76x, nDBANK is set: one bank.
    "stm32f7": FlashLayout(
        0x4002_3C00, key=0x04, status=0x0C, clear=0x0C, control=0x10, runs=_stm32f7, selection=0x1F << 3,
        mass_erase=(1 << 2,), access=STM32F7, programming_error=1 << 6, needs_erased=False,
        options=0x14, values={0x14: 0xFFFF_AAFD},
    ),
    # RM0433 4.9.
    "stm32h7": FlashLayout(
        0x5200_2000, key=0x04, status=0x10, clear=0x14, control=0x0C, runs=_stm32h7, selection=7 << 8,
        mass_erase=(1 << 3,), access=STM32H7, sequence_error=1 << 18, programming_error=1 << 21, number_bit=8,
        program=1 << 1, erase=1 << 2, start=1 << 7, lock=1 << 0, busy=5, bank_stride=0x100,
        options=0x1C, values={0x00: 0x37, 0x1C: 0x0000_AAF0, 0x20: 0x0000_AAF0, 0x18: 1},
    ),
}  # fmt: skip
"""By family. Option bytes: as ST delivers the parts, but for what is said here."""
_PARTS = {
    # RM0455 4.9: bits of the control register lie elsewhere than on the H743, and flash words have 128 bits.
    "STM32H7A3": replace(
        LAYOUTS["stm32h7"], runs=_stm32h7a3, selection=0x7F << 6, number_bit=6, start=1 << 5,
        values={**LAYOUTS["stm32h7"].values, 0x00: 0x13},
    ),
}  # fmt: skip
"""Parts that differ from their families, by how their names begin."""


def flash_layout(family: str, mcu: str) -> FlashLayout | None:
    """That of a part, or else of its family; None where none is known."""
    parts = (layout for prefix, layout in _PARTS.items() if mcu.upper().startswith(prefix))
    return next(parts, LAYOUTS.get(family))
