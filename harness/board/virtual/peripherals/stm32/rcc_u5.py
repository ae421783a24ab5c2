"""RCC of the STM32U5 (RM0456 chapter 11)."""

from __future__ import annotations

from collections.abc import Mapping

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.rcc import LSI_HZ, Oscillator, Rcc, ahb_divider, apb_divider, timer_hz

_CR, _ICSCR1, _CFGR1, _CFGR2, _CFGR3, _BDCR, _CSR = 0x0, 0x8, 0x1C, 0x20, 0x24, 0xF0, 0xF4
_PLLS = (("pll1", 0x28, 0x34, 0x38), ("pll2", 0x2C, 0x3C, 0x40), ("pll3", 0x30, 0x44, 0x48))
"""Name, CFGR, DIVR, FRACR."""
_MSIRGSEL, _FRACEN = 1 << 23, 1 << 4
_HSI_HZ, _HSI48_HZ, _SHSI_HZ = 16_000_000, 48_000_000, 48_000_000
_MSI_HZ = (
    48_000_000, 24_000_000, 16_000_000, 12_000_000, 4_000_000, 2_000_000, 1_330_000, 1_000_000,
    3_072_000, 1_536_000, 1_024_000, 768_000, 400_000, 200_000, 133_000, 100_000,
)  # fmt: skip
"""By MSISRANGE and MSIKRANGE (11.8.3)."""


class RccU5(Rcc):
    """MSIS, MSIK, HSI16, HSE, HSI48, SHSI, three fractional PLLs, LSE, LSI."""

    oscillators = (
        Oscillator(_CR, 0, 2, "msis"),
        Oscillator(_CR, 4, 5, "msik"),
        Oscillator(_CR, 8, 10, "hsi16"),
        Oscillator(_CR, 12, 13, "hsi48"),
        Oscillator(_CR, 14, 15, "shsi"),
        Oscillator(_CR, 16, 17, "hse"),
        Oscillator(_CR, 24, 25, "pll1"),
        Oscillator(_CR, 26, 27, "pll2"),
        Oscillator(_CR, 28, 29, "pll3"),
        Oscillator(_BDCR, 0, 1, "lse"),
        # LSE for the system beside the RTC: LSESYSEN, LSESYSRDY.
        Oscillator(_BDCR, 7, 11, "lsesys"),
        Oscillator(_BDCR, 26, 27, "lsi"),
    )
    switch = (_CFGR1, 0, 2, 2)
    backup_register, cause_register = _BDCR, _CSR

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Reset values: RM0456 11.8. MSI at 4 MHz."""
        dividers = {divider: 0x0101_0280 for _, _, divider, _ in _PLLS}
        super().__init__(connections, entry, {_CR: 0x35, _ICSCR1: 0x4400_0000, _CSR: 0x4400, **dividers})

    def sources(self) -> dict[str, int]:
        """The ranges of MSI are those of ICSCR1, or after a standby those of CSR."""
        control, standby = self.stored(_ICSCR1), self.stored(_CSR)
        system, kernel = (28, 24) if control & _MSIRGSEL else (12, 8)
        ranges = control if control & _MSIRGSEL else standby
        low_speed = self.board.get("lse_hz", 0)
        oscillators = {
            "msis": _MSI_HZ[ranges >> system & 0xF],
            "msik": _MSI_HZ[ranges >> kernel & 0xF],
            "hsi16": _HSI_HZ,
            "hse": self.board.get("hse_hz", 0),
            "hsi48": _HSI48_HZ,
            "shsi": _SHSI_HZ,
            "lse": low_speed,
            "lsesys": low_speed if self.stored(_BDCR) & 1 else 0,
            "lsi": LSI_HZ,
        }
        return oscillators | self._plls(oscillators)

    def system_sources(self) -> tuple[str, ...]:
        """SW."""
        return "msis", "hsi16", "hse", "pll1"

    def buses(self, sysclk: int) -> dict[str, int]:
        """HPRE, PPRE1, PPRE2, PPRE3."""
        prescalers = self.stored(_CFGR2)
        hclk = sysclk // ahb_divider(prescalers & 0xF)
        first, second = apb_divider(prescalers >> 4 & 7), apb_divider(prescalers >> 8 & 7)
        return {
            "core": hclk,
            "hclk": hclk,
            "pclk1": hclk // first,
            "pclk2": hclk // second,
            "pclk3": hclk // apb_divider(self.stored(_CFGR3) >> 4 & 7),
            "timclk1": timer_hz(hclk // first, first),
            "timclk2": timer_hz(hclk // second, second),
        }

    def _plls(self, oscillators: Mapping[str, int]) -> dict[str, int]:
        """PLL1R is what SYSCLK can use; the others' outputs are kernel clocks (11.4.6)."""
        found = {}
        for name, configuration, divider, fraction in _PLLS:
            value, dividers = self.stored(configuration), self.stored(divider)
            source = (0, oscillators["msis"], oscillators["hsi16"], oscillators["hse"])[value & 3]
            reference = source / ((value >> 8 & 0xF) + 1)
            part = (self.stored(fraction) >> 3 & 0x1FFF) / 0x2000 if value & _FRACEN else 0.0
            vco = reference * ((dividers & 0x1FF) + 1 + part)
            found[name] = int(vco / ((dividers >> 24 & 0x7F) + 1))
            found[f"{name}_p"] = int(vco / ((dividers >> 9 & 0x7F) + 1))
            found[f"{name}_q"] = int(vco / ((dividers >> 16 & 0x7F) + 1))
        return found


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option: `kernel_clocks`."""
    return RccU5(connections, entry)
