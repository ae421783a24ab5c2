"""The memory protection unit: which accesses are allowed where, and what kind of memory it is.

Armv7-M ARM B3.5 (PMSAv7), Armv8-M ARM B8 (PMSAv8). QEMU's model inside Unicorn enforces the permissions, without a
hook on any access; here the regions are kept, for what the core does by itself (stacking) and for caches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from harness.board.virtual.core_state import CoreState

REGIONS = 8
_ENABLE, _DURING_FAULTS, _BACKGROUND = 1 << 0, 1 << 1, 1 << 2
_SUBREGIONS_FROM = 256
_SYSTEM_SPACE = (0xE000_0000, 0x10_0000)


@dataclass(frozen=True)
class MemoryAttributes:
    """What kind of memory an address is.

    Attributes:
        device: accesses have side effects: never cached, never repeated, never executed.
        cacheable: normal memory that a cache may hold; `write_back`: which keeps stores, too; `write_allocate`: whose
            lines a store that misses fetches.
        shareable: also seen by other bus masters; the Cortex-M7 caches no such memory (its TRM, 5.2.1).
    """

    device: bool = False
    cacheable: bool = False
    write_back: bool = False
    write_allocate: bool = False
    shareable: bool = False


_DEVICE = MemoryAttributes(device=True, shareable=True)
_WRITE_THROUGH = MemoryAttributes(cacheable=True)
_WRITE_BACK = MemoryAttributes(cacheable=True, write_back=True, write_allocate=True)
# The default memory map (Armv7-M ARM B3.1), by the upper three bits of an address.
_DEFAULT_MAP = (_WRITE_THROUGH, _WRITE_BACK, _DEVICE, _WRITE_BACK, _WRITE_THROUGH, _DEVICE, _DEVICE, _DEVICE)


class MemoryProtection:
    """The unit of one core.

    Attributes:
        on_change: called when regions, or whether they count, have changed.
    """

    def __init__(self, core: CoreState | None, *, v8: bool) -> None:
        """Protect the memory of a core; `core` is None for one whose accesses nobody checks."""
        self._core: Final = core
        self._v8: Final = v8
        self.on_change: Callable[[], None] = lambda: None
        self._above_faults = False
        self.reset()

    def reset(self) -> None:
        """Off."""
        self.control = 0
        self.bases = [0] * REGIONS
        self.sizes = [0] * REGIONS
        self.attribute_sets = [0, 0]
        self._above_faults = False
        self._apply()

    @property
    def v8(self) -> bool:
        """Regions are those of PMSAv8."""
        return self._v8

    # ---- registers

    def set_control(self, value: int) -> None:
        """MPU_CTRL."""
        self.control = value & (_ENABLE | _DURING_FAULTS | _BACKGROUND)
        self._apply()

    def set_region(self, number: int, base: int, size: int) -> None:
        """RBAR and RASR, or RBAR and RLAR, of a region."""
        self.bases[number], self.sizes[number] = base, size
        self._apply()

    def set_attributes(self, half: int, value: int) -> None:
        """MAIR0 or MAIR1 of PMSAv8."""
        self.attribute_sets[half] = value
        self.on_change()

    def follow_priority(self, negative: bool) -> None:
        """Whether the core handles a HardFault or an NMI, or has FAULTMASK set: off then, unless HFNMIENA is set."""
        if negative != self._above_faults:
            self._above_faults = negative
            if self.control & _ENABLE and not self.control & _DURING_FAULTS:
                self._apply()

    def _apply(self) -> None:
        """Hand everything to QEMU's unit."""
        if self._core is not None:
            arrays = self._core.regions(v8=self._v8)
            for number in range(REGIONS):
                if self._v8:
                    arrays[0][number], arrays[1][number] = self.bases[number], self.sizes[number]
                else:
                    arrays[0][number] = self.bases[number] & ~0x1F
                    arrays[1][number] = self.sizes[number] & 0xFF3F
                    arrays[2][number] = self.sizes[number] >> 16 & 0x173F
            self._core.protect(self.control if self.enabled else 0)
        self.on_change()

    # ---- questions

    def bounds(self) -> set[int]:
        """Addresses at which a region, or a part of one that can be left out, begins or ends."""
        found: set[int] = set()
        for base, size in zip(self.bases, self.sizes, strict=True):
            if size & 1 and self._v8:
                found |= {base & ~0x1F, (size | 0x1F) + 1}
            elif size & 1:
                length = 2 << (size >> 1 & 0x1F)
                parts = 8 if length >= _SUBREGIONS_FROM else 1
                found |= {(base & ~0x1F) + length * part // parts for part in range(parts + 1)}
        return found

    @property
    def enabled(self) -> bool:
        """Regions count, at the priority of now."""
        return bool(self.control & _ENABLE and (self.control & _DURING_FAULTS or not self._above_faults))

    def region_at(self, address: int) -> int | None:
        """The number of the region that an address belongs to; None where it is none, or several of PMSAv8."""
        found = [number for number in range(REGIONS) if self._holds(number, address)]
        if self._v8:
            return found[0] if len(found) == 1 else None
        return found[-1] if found else None

    def allows(self, address: int, *, write: bool, privileged: bool) -> bool:
        """Whether data may be accessed."""
        system, size = _SYSTEM_SPACE
        if not self.enabled or address - system & 0xFFFF_FFFF < size:
            return True
        number = self.region_at(address)
        if number is None:
            return privileged and bool(self.control & _BACKGROUND)
        readable, writable = self._rights(number, privileged)
        return writable if write else readable

    def memory_attributes(self, address: int) -> MemoryAttributes:
        """The kind of memory, with which caches agree."""
        number = self.region_at(address) if self.enabled else None
        if number is None:
            return _DEFAULT_MAP[address >> 29]
        return self._attributes_v8(number) if self._v8 else _attributes_v7(self.sizes[number] >> 16)

    def _holds(self, number: int, address: int) -> bool:
        base, size = self.bases[number], self.sizes[number]
        if not size & 1:
            return False
        if self._v8:
            return base & ~0x1F <= address <= size | 0x1F
        length = 2 << (size >> 1 & 0x1F)
        offset = address - (base & ~0x1F)
        if base & (length - 1) & ~0x1F or not 0 <= offset < length:
            return False
        return length < _SUBREGIONS_FROM or not size >> 8 + offset * 8 // length & 1

    def _rights(self, number: int, privileged: bool) -> tuple[bool, bool]:
        """Whether a region may be read, and written."""
        if self._v8:
            access = self.bases[number] >> 1 & 3
            allowed = privileged or bool(access & 1)
            return allowed, allowed and access < 2
        access = self.sizes[number] >> 24 & 7
        if privileged:
            return access not in (0, 4), access in (1, 2, 3)
        return access in (2, 3, 6, 7), access == 3

    def _attributes_v8(self, number: int) -> MemoryAttributes:
        index = self.sizes[number] >> 1 & 7
        attribute = self.attribute_sets[index >> 2] >> 8 * (index & 3) & 0xFF
        if attribute >> 4 == 0:
            return _DEVICE
        inner, shareable = attribute & 0xF, bool(self.bases[number] >> 4 & 1)
        cacheable = inner != 0b0100
        back, allocate = cacheable and bool(inner & 0b0100), cacheable and bool(inner & 1)
        return MemoryAttributes(False, cacheable, back, allocate, shareable)


def _attributes_v7(upper: int) -> MemoryAttributes:
    """By TEX, S, C and B (Armv7-M ARM table B3-13)."""
    extension, shareable, policy = upper >> 3 & 7, bool(upper >> 2 & 1), upper & 3
    if (extension, policy) in ((0, 0), (0, 1), (2, 0)):
        return _DEVICE
    if extension == 0:
        return MemoryAttributes(False, True, policy == 3, False, shareable)
    if extension == 1:
        return MemoryAttributes(False, policy != 0, policy != 0, policy != 0, shareable)
    return MemoryAttributes(False, policy != 0, policy in (1, 3), policy == 1, shareable)
