"""RCC of the STM32L4 and L4+ (RM0432 chapter 6, RM0351 6)."""

from __future__ import annotations

from collections.abc import Mapping

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.rcc import LSI_HZ, Oscillator, Rcc, ahb_divider, apb_divider, timer_hz

_CR, _CFGR, _PLLCFGR, _PLLSAI1CFGR, _PLLSAI2CFGR, _BDCR, _CSR, _CRRCR = 0x0, 0x8, 0xC, 0x10, 0x14, 0x90, 0x94, 0x98
_MSIRGSEL = 1 << 3
_HSI_HZ, _HSI48_HZ = 16_000_000, 48_000_000
_MSI_HZ = tuple(int(mhz * 1_000_000) for mhz in (0.1, 0.2, 0.4, 0.8, 1, 2, 4, 8, 16, 24, 32, 48))  # RCC_CR.MSIRANGE


class RccL4(Rcc):
    """MSI, HSI16, HSE, the main PLL and two more, LSE, LSI, HSI48.

    Option `divider_bits`: of PLLM, 3 on the STM32L4 and 4 on the L4+.
    """

    oscillators = (
        Oscillator(_CR, 0, 1, "msi"),
        Oscillator(_CR, 8, 10, "hsi16"),
        Oscillator(_CR, 16, 17, "hse"),
        Oscillator(_CR, 24, 25, "pll"),
        Oscillator(_CR, 26, 27, "pllsai1"),
        Oscillator(_CR, 28, 29, "pllsai2"),
        Oscillator(_BDCR, 0, 1, "lse"),
        Oscillator(_CSR, 0, 1, "lsi"),
        Oscillator(_CRRCR, 0, 1, "hsi48"),
    )
    switch = (_CFGR, 0, 2, 2)
    backup_register, cause_register = _BDCR, _CSR

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Reset values: RM0432 6.4."""
        self._divider_mask = (1 << int(entry.options.get("divider_bits", 4))) - 1
        values = {_CR: 0x63, 0x04: 0x1000_0000, _PLLCFGR: 0x1000, _PLLSAI1CFGR: 0x1000, _PLLSAI2CFGR: 0x1000}
        super().__init__(connections, entry, {**values, _CSR: 0x600})

    def sources(self) -> dict[str, int]:
        """MSI's range is that of CR, or after a standby that of CSR."""
        control = self.stored(_CR)
        code = control >> 4 & 0xF if control & _MSIRGSEL else self.stored(_CSR) >> 8 & 0xF
        oscillators = {
            "msi": _MSI_HZ[min(code, 11)],
            "hsi16": _HSI_HZ,
            "hse": self.board.get("hse_hz", 0),
            "lse": self.board.get("lse_hz", 0),
            "lsi": LSI_HZ,
            "hsi48": _HSI48_HZ,
        }
        return oscillators | self._plls(oscillators)

    def system_sources(self) -> tuple[str, ...]:
        """SW."""
        return "msi", "hsi16", "hse", "pll"

    def buses(self, sysclk: int) -> dict[str, int]:
        """HPRE, PPRE1, PPRE2."""
        configuration = self.stored(_CFGR)
        hclk = sysclk // ahb_divider(configuration >> 4 & 0xF)
        first, second = apb_divider(configuration >> 8 & 7), apb_divider(configuration >> 11 & 7)
        return {
            "core": hclk,
            "hclk": hclk,
            "pclk1": hclk // first,
            "pclk2": hclk // second,
            "timclk1": timer_hz(hclk // first, first),
            "timclk2": timer_hz(hclk // second, second),
        }

    def _plls(self, oscillators: Mapping[str, int]) -> dict[str, int]:
        main = self.stored(_PLLCFGR)
        source = (0, oscillators["msi"], oscillators["hsi16"], oscillators["hse"])[main & 3]
        shared = main >> 4 & self._divider_mask
        found = {}
        for name, register in (("pll", _PLLCFGR), ("pllsai1", _PLLSAI1CFGR), ("pllsai2", _PLLSAI2CFGR)):
            value = self.stored(register)
            # On the L4+ each PLL has a PLLM of its own, on the L4 they share the main one's.
            divider = 1 + (value >> 4 & self._divider_mask if self._divider_mask == 0xF else shared)
            vco = source * (value >> 8 & 0x7F) // divider
            found[name] = vco // (2 + 2 * (value >> 25 & 3))
            found[f"{name}_q"] = vco // (2 + 2 * (value >> 21 & 3))
        return found


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `kernel_clocks`, `divider_bits`."""
    return RccL4(connections, entry)
