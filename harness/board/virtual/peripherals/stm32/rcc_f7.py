"""RCC of the STM32F7, and of the F4 that it took after (RM0385 chapter 5, RM0386 6)."""

from __future__ import annotations

from typing import ClassVar

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.rcc import LSI_HZ, Oscillator, Rcc, ahb_divider, apb_divider, timer_hz
from harness.board.virtual.resets import ResetCause

_CR, _PLLCFGR, _CFGR, _BDCR, _CSR, _PLLI2SCFGR, _PLLSAICFGR, _DCKCFGR1 = 0x0, 0x4, 0x8, 0x70, 0x74, 0x84, 0x88, 0x8C
_TIMPRE, _PLL_FROM_HSE = 1 << 24, 1 << 22
_HSI_HZ = 16_000_000


class RccF7(Rcc):
    """HSI, HSE, the main PLL and two more, LSE, LSI."""

    oscillators = (
        Oscillator(_CR, 0, 1, "hsi"),
        Oscillator(_CR, 16, 17, "hse"),
        Oscillator(_CR, 24, 25, "pll"),
        Oscillator(_CR, 26, 27, "plli2s"),
        Oscillator(_CR, 28, 29, "pllsai"),
        Oscillator(_BDCR, 0, 1, "lse"),
        Oscillator(_CSR, 0, 1, "lsi"),
    )
    switch = (_CFGR, 0, 2, 2)
    backup_register, cause_register = _BDCR, _CSR
    pin_flag, clear_flag = 26, 24
    cause_flags: ClassVar = {
        ResetCause.POWER_ON: 27,
        ResetCause.SOFTWARE: 28,
        ResetCause.INDEPENDENT_WATCHDOG: 29,
        ResetCause.WINDOW_WATCHDOG: 30,
    }

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Reset values: RM0385 5.3."""
        values = {_CR: 0x83, _PLLCFGR: 0x2400_3010, _PLLI2SCFGR: 0x2400_3000, _PLLSAICFGR: 0x2400_3000}
        super().__init__(connections, entry, values)

    def sources(self) -> dict[str, int]:
        """All PLLs share the source and PLLM of the main one."""
        oscillators = {
            "hsi": _HSI_HZ,
            "hse": self.board.get("hse_hz", 0),
            "lse": self.board.get("lse_hz", 0),
            "lsi": LSI_HZ,
        }
        main = self.stored(_PLLCFGR)
        source = oscillators["hse" if main & _PLL_FROM_HSE else "hsi"]
        divider = main & 0x3F
        found = {}
        for name, register in (("pll", _PLLCFGR), ("plli2s", _PLLI2SCFGR), ("pllsai", _PLLSAICFGR)):
            value = self.stored(register)
            vco = source * (value >> 6 & 0x1FF) // divider if divider else 0
            found[name] = vco // (2 + 2 * (value >> 16 & 3))
            found[f"{name}_q"] = vco // max(value >> 24 & 0xF, 1)
        return oscillators | found

    def system_sources(self) -> tuple[str, ...]:
        """SW."""
        return "hsi", "hse", "pll"

    def buses(self, sysclk: int) -> dict[str, int]:
        """HPRE, PPRE1, PPRE2, and TIMPRE, which lets timers run at up to the core's clock."""
        configuration = self.stored(_CFGR)
        hclk = sysclk // ahb_divider(configuration >> 4 & 0xF)
        first, second = apb_divider(configuration >> 10 & 7), apb_divider(configuration >> 13 & 7)
        return {
            "core": hclk,
            "hclk": hclk,
            "pclk1": hclk // first,
            "pclk2": hclk // second,
            "timclk1": self._timer_hz(hclk, first),
            "timclk2": self._timer_hz(hclk, second),
        }

    def _timer_hz(self, hclk: int, divider: int) -> int:
        if not self.stored(_DCKCFGR1) & _TIMPRE:
            return timer_hz(hclk // divider, divider)
        return hclk if divider <= 4 else 4 * hclk // divider


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option: `kernel_clocks`."""
    return RccF7(connections, entry)
