"""RCC of the STM32H7 with one core (RM0433 chapter 8; RM0455 chapter 8, whose names for the same registers differ)."""

from __future__ import annotations

from typing import ClassVar, Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.rcc import LSI_HZ, Oscillator, Rcc, ahb_divider, apb_divider
from harness.board.virtual.resets import ResetCause

_CR, _CFGR, _D1CFGR, _D2CFGR, _D3CFGR, _PLLCKSELR, _PLLCFGR = 0x0, 0x10, 0x18, 0x1C, 0x20, 0x28, 0x2C
_BDCR, _CSR, _RSR = 0x70, 0x74, 0xD0
_SECOND_VIEW = 0x60
_FIRST, _SECOND = range(_RSR, 0x120), range(_RSR + _SECOND_VIEW, 0x120 + _SECOND_VIEW)
"""RSR and the clock enables: RM0433 has each at two offsets, RCC_x and RCC_C1_x; RM0455 at the second only."""
_TIMPRE = 1 << 15
_HSI_HZ, _CSI_HZ, _HSI48_HZ = 64_000_000, 4_000_000, 48_000_000


class RccH7(Rcc):
    """HSI with its divider, CSI, HSE, HSI48, three fractional PLLs, LSE, LSI; clocks of the domains D1, D2 and D3."""

    oscillators = (
        Oscillator(_CR, 0, 2, "hsi"),
        Oscillator(_CR, 7, 8, "csi"),
        Oscillator(_CR, 12, 13, "hsi48"),
        Oscillator(_CR, 16, 17, "hse"),
        Oscillator(_CR, 24, 25, "pll1"),
        Oscillator(_CR, 26, 27, "pll2"),
        Oscillator(_CR, 28, 29, "pll3"),
        Oscillator(_BDCR, 0, 1, "lse"),
        Oscillator(_CSR, 0, 1, "lsi"),
    )
    switch = (_CFGR, 0, 3, 3)
    backup_register, cause_register = _BDCR, _RSR
    pin_flag, clear_flag = 22, 16
    cause_flags: ClassVar = {
        ResetCause.POWER_ON: 23,
        ResetCause.SOFTWARE: 24,
        ResetCause.INDEPENDENT_WATCHDOG: 26,
        ResetCause.WINDOW_WATCHDOG: 28,
    }

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Reset values: RM0433 8.7. D1CKRDY, D2CKRDY and HSIDIVF are always set."""
        dividers = {0x30: 0x0101_0280, 0x38: 0x0101_0280, 0x40: 0x0101_0280}
        values = {_CR: 0xC025, _PLLCKSELR: 0x0202_0200, _PLLCFGR: 0x01FF_0000, **dividers}
        super().__init__(connections, entry, values)
        self._reserved: Final = _FIRST if entry.options.get("second_view_only") else range(0)

    def stored(self, offset: int) -> int:
        """What both views show is kept at the first."""
        return super().stored(offset - _SECOND_VIEW if offset in _SECOND else offset)

    def read(self, offset: int) -> int:
        """See `Rcc`."""
        if offset in self._reserved:
            return 0
        return super().read(offset - _SECOND_VIEW if offset in _SECOND else offset)

    def write(self, offset: int, value: int) -> None:
        """See `Rcc`."""
        if offset not in self._reserved:
            shown = offset - _SECOND_VIEW if offset in _SECOND else offset
            super().write(shown, value | 0xC020 if shown == _CR else value)

    def sources(self) -> dict[str, int]:
        """PLLs share a source, and have a divider each in front (8.5.5)."""
        oscillators = {
            "hsi": _HSI_HZ >> (self.stored(_CR) >> 3 & 3),
            "csi": _CSI_HZ,
            "hse": self.board.get("hse_hz", 0),
            "hsi48": _HSI48_HZ,
            "lse": self.board.get("lse_hz", 0),
            "lsi": LSI_HZ,
        }
        selection, configuration = self.stored(_PLLCKSELR), self.stored(_PLLCFGR)
        source = (oscillators["hsi"], oscillators["csi"], oscillators["hse"], 0)[selection & 3]
        found = {}
        for index in range(3):
            name, divider = f"pll{index + 1}", selection >> 4 + 8 * index & 0x3F
            dividers, fraction = self.stored(0x30 + 8 * index), self.stored(0x34 + 8 * index)
            part = (fraction >> 3 & 0x1FFF) / 0x2000 if configuration >> 4 * index & 1 else 0.0
            vco = source / divider * ((dividers & 0x1FF) + 1 + part) if divider else 0.0
            found[name] = int(vco / ((dividers >> 9 & 0x7F) + 1))
            found[f"{name}_q"] = int(vco / ((dividers >> 16 & 0x7F) + 1))
            found[f"{name}_r"] = int(vco / ((dividers >> 24 & 0x7F) + 1))
        return oscillators | found

    def system_sources(self) -> tuple[str, ...]:
        """SW."""
        return "hsi", "csi", "hse", "pll1"

    def buses(self, sysclk: int) -> dict[str, int]:
        """D1CPRE makes the core's clock, HPRE that of the buses, and each APB has a divider of its own."""
        first, second, third = (self.stored(offset) for offset in (_D1CFGR, _D2CFGR, _D3CFGR))
        core = sysclk // ahb_divider(first >> 8 & 0xF)
        hclk = core // ahb_divider(first & 0xF)
        apb1, apb2 = apb_divider(second >> 4 & 7), apb_divider(second >> 8 & 7)
        return {
            "core": core,
            "hclk": hclk,
            "pclk1": hclk // apb1,
            "pclk2": hclk // apb2,
            "pclk3": hclk // apb_divider(first >> 4 & 7),
            "pclk4": hclk // apb_divider(third >> 4 & 7),
            "timclk1": self._timer_hz(hclk, apb1),
            "timclk2": self._timer_hz(hclk, apb2),
        }

    def _timer_hz(self, hclk: int, divider: int) -> int:
        """RM0433 table 56: at most twice the bus clock, or with TIMPRE four times, and never more than HCLK."""
        factor = 4 if self.stored(_CFGR) & _TIMPRE else 2
        return min(hclk, factor * hclk // divider)


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `kernel_clocks`; `second_view_only`, where RSR and the enables have one offset instead of two."""
    return RccH7(connections, entry)
