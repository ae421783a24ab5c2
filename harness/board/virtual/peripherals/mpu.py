"""The registers of the memory protection unit (Armv7-M ARM B3.5, Armv8-M ARM D1.2.190 ff.); see `memory_protection`."""

from __future__ import annotations

from harness.board.virtual.memory_protection import REGIONS, MemoryProtection
from harness.board.virtual.peripherals.register_block import RegisterBlock

_TYPE, _CONTROL, _NUMBER, _BASE = 0x00, 0x04, 0x08, 0x0C
_LAST_ALIAS, _ATTRIBUTES = 0x28, 0x30
_BASE_VALID = 1 << 4


class Mpu(RegisterBlock):
    """MPU_TYPE to MPU_MAIR1. RBAR and its partner (RASR, RLAR) have three aliases, for regions with a block copy."""

    def __init__(self, protection: MemoryProtection) -> None:
        """Make the registers of a unit."""
        super().__init__("MPU", 0xE000_ED90, 0x40)
        self._protection = protection
        self._number = 0

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._number = 0
        self._protection.reset()

    def stored(self, offset: int) -> int:
        """What a register reads, for accesses narrower than a word."""
        return self.read(offset)

    def read(self, offset: int) -> int:
        """A register."""
        unit = self._protection
        if offset == _TYPE:
            return REGIONS << 8
        if offset == _CONTROL:
            return unit.control
        if offset == _NUMBER:
            return self._number
        if _BASE <= offset <= _LAST_ALIAS:
            number = self._region(offset)
            if (offset - _BASE) & 4:
                return unit.sizes[number]
            return unit.bases[number] if unit.v8 else unit.bases[number] & ~0x1F | number
        if unit.v8 and offset - _ATTRIBUTES in (0, 4):
            return unit.attribute_sets[offset - _ATTRIBUTES >> 2]
        return 0

    def write(self, offset: int, value: int) -> None:
        """Switch the unit, or set a region."""
        unit = self._protection
        if offset == _CONTROL:
            unit.set_control(value)
        elif offset == _NUMBER:
            self._number = value % REGIONS
        elif _BASE <= offset <= _LAST_ALIAS:
            if not unit.v8 and not (offset - _BASE) & 4 and value & _BASE_VALID:
                self._number = value & 0xF & REGIONS - 1
            number = self._region(offset)
            if (offset - _BASE) & 4:
                unit.set_region(number, unit.bases[number], value)
            else:
                unit.set_region(number, value, unit.sizes[number])
        elif unit.v8 and offset - _ATTRIBUTES in (0, 4):
            unit.set_attributes(offset - _ATTRIBUTES >> 2, value)

    def _region(self, offset: int) -> int:
        """Aliases of PMSAv7 are of the same region, those of PMSAv8 of the four that RNR lies among."""
        alias = offset - _BASE >> 3
        return self._number & ~3 | alias if self._protection.v8 and alias else self._number
