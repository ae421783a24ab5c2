"""RCC of the STM32G0 (RM0444 chapter 5)."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.rcc import LSI_HZ, Oscillator, Rcc, ahb_divider, apb_divider, timer_hz

_CR, _CFGR, _PLLCFGR, _BDCR, _CSR = 0x0, 0x8, 0xC, 0x5C, 0x60
_HSI_HZ, _HSI48_HZ = 16_000_000, 48_000_000


class RccG0(Rcc):
    """HSI16 with its divider, HSE, one PLL, HSI48, LSE, LSI."""

    oscillators = (
        Oscillator(_CR, 8, 10, "hsi16"),
        Oscillator(_CR, 16, 17, "hse"),
        Oscillator(_CR, 22, 23, "hsi48"),
        Oscillator(_CR, 24, 25, "pll"),
        Oscillator(_BDCR, 0, 1, "lse"),
        Oscillator(_CSR, 0, 1, "lsi"),
    )
    switch = (_CFGR, 0, 3, 3)
    backup_register, cause_register = _BDCR, _CSR

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Reset values: RM0444 5.4."""
        super().__init__(connections, entry, {_CR: 0x500, _PLLCFGR: 0x1000})

    def sources(self) -> dict[str, int]:
        """HSISYS is HSI16 behind HSIDIV."""
        oscillators = {
            "hsi16": _HSI_HZ,
            "hsisys": _HSI_HZ >> (self.stored(_CR) >> 11 & 7),
            "hse": self.board.get("hse_hz", 0),
            "hsi48": _HSI48_HZ,
            "lse": self.board.get("lse_hz", 0),
            "lsi": LSI_HZ,
        }
        value = self.stored(_PLLCFGR)
        source = (0, 0, oscillators["hsi16"], oscillators["hse"])[value & 3]
        vco = source * (value >> 8 & 0x7F) // ((value >> 4 & 7) + 1)
        return oscillators | {
            "pll": vco // ((value >> 29 & 7) + 1),
            "pll_p": vco // ((value >> 17 & 0x1F) + 1),
            "pll_q": vco // ((value >> 25 & 7) + 1),
        }

    def system_sources(self) -> tuple[str, ...]:
        """SW."""
        return "hsisys", "hse", "pll", "lsi", "lse"

    def buses(self, sysclk: int) -> dict[str, int]:
        """HPRE and PPRE: there is one APB clock."""
        configuration = self.stored(_CFGR)
        hclk = sysclk // ahb_divider(configuration >> 8 & 0xF)
        divider = apb_divider(configuration >> 12 & 7)
        pclk = hclk // divider
        return {"core": hclk, "hclk": hclk, "pclk": pclk, "timclk": timer_hz(pclk, divider)}


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option: `kernel_clocks`."""
    return RccG0(connections, entry)
