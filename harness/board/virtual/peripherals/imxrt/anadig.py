"""ANADIG (RM: clock and power management, oscillators and PLLs): what runs, runs and is stable at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.board.virtual.peripherals.register_block import Follower, FollowingBlock

_OSC_48M, _OSC_24M, _OSC_400M_POWER, _OSC_400M = 0x010, 0x020, 0x050, 0x060
_ARM_PLL, _SYS_PLL3, _SYS_PLL2 = 0x200, 0x210, 0x240
_SYS_PLL1, _PLL_AUDIO, _PLL_VIDEO = 0x2C0, 0x300, 0x350
_SYS_PLL3_UPDATE, _SYS_PLL3_PFD, _SYS_PLL2_UPDATE, _SYS_PLL2_PFD = 0x220, 0x230, 0x250, 0x270
_STABLE_BIT, _GATE, _ARM_ENABLE = 29, 1 << 30, 1 << 14
_SYS_ENABLE: Final = 1 << 13
_ARM_POST_DIVIDERS: Final = (2, 4, 8, 1)
_SYS_PLL1_HZ, _SYS_PLL2_HZ, _SYS_PLL3_HZ = 1_000_000_000, 528_000_000, 480_000_000
"""What they make of 24 MHz."""
_RESET_VALUES: Final = {
    0x010: 0x0179_01F2, 0x020: 0x80, 0x050: 1, 0x0C0: 7, 0x200: 0x4000_00A6, 0x210: 0x4000_0003, 0x230: 0x8CA0_918D,
    0x240: 0x4000_0000, 0x270: 0xA098_909B, 0x2A0: 0x0FFF_FFFF, 0x2C0: 0x4000, 0x2D0: 0x2FFF_FFFE, 0x2E0: 0x1FFF_FFFF,
    0x2F0: 0x1D, 0x300: 0x4000, 0x320: 0x2FFF_FFFE, 0x330: 0x1FFF_FFFF, 0x340: 0x29, 0x350: 0x4000,
    0x370: 0x2FFF_FFFE, 0x380: 0x1FFF_FFFF, 0x390: 0x29, 0x500: 1, 0x800: 0x0011_70B0,
}  # fmt: skip
_FOLLOWERS: Final = (
    Follower(_OSC_24M, 4, _OSC_24M, 30),
    Follower(_ARM_PLL, 13, _ARM_PLL, _STABLE_BIT),
    Follower(_SYS_PLL2, 23, _SYS_PLL2, _STABLE_BIT),
    Follower(_SYS_PLL3, 21, _SYS_PLL3, _STABLE_BIT),
    Follower(_SYS_PLL1, 13, _SYS_PLL1, _STABLE_BIT),
    Follower(_PLL_AUDIO, 13, _PLL_AUDIO, _STABLE_BIT),
    Follower(_PLL_VIDEO, 13, _PLL_VIDEO, _STABLE_BIT),
    # PMU_BIAS_CTRL2: the body bias is there (WB_OK) once enabled.
    Follower(0x560, 24, 0x560, 26),
    # The serial interfaces of the analog parts: a transfer is done when it is started.
    Follower(0x850, 8, 0x850, 9),
    Follower(0x880, 8, 0x880, 9),
    Follower(0x8B0, 8, 0x8B0, 9),
    Follower(0x920, 8, 0x920, 9),
)


class Anadig(FollowingBlock):
    """Oscillators and PLLs. The audio and the video PLL take their settings, but give no clock."""

    def __init__(self, origin: int, crystal_hz: int, changed: Callable[[], None]) -> None:
        """Call `changed` when a source may have another frequency; `crystal_hz`, 0 without one, is OSC_24M's."""
        super().__init__("ANADIG", origin, _FOLLOWERS, _RESET_VALUES, size=0x1000)
        self._crystal_hz: Final = crystal_hz
        self._changed: Final = changed

    def reset(self) -> None:
        """The RC oscillators alone."""
        super().reset()
        self._changed()

    def write(self, offset: int, value: int) -> None:
        """Storage; a PFD that is updated tells so by its stable flag, which changes then."""
        if offset in (_SYS_PLL2_UPDATE, _SYS_PLL3_UPDATE):
            self._update_pfds(offset, (value ^ self.stored(offset)) >> 1)
        elif offset in (_SYS_PLL2_PFD, _SYS_PLL3_PFD):
            stable = 0x4040_4040
            value = value & ~stable | self.stored(offset) & stable
        super().write(offset, value)
        self._changed()

    def sources(self) -> dict[str, int]:
        """Frequencies by the names that clock roots know them by; 0: off."""
        crystal = self._crystal_hz if self.stored(_OSC_24M) >> 4 & 1 else 0
        pll1 = self._running(_SYS_PLL1, _SYS_PLL1_HZ, gate=1 << 14)
        pll2 = self._running(_SYS_PLL2, _SYS_PLL2_HZ)
        pll3 = self._running(_SYS_PLL3, _SYS_PLL3_HZ)
        sources = {
            "osc_rc_16m": 16_000_000,
            "osc_rc_48m_div2": 24_000_000 if self.stored(_OSC_48M) >> 24 & 1 else 0,
            "osc_rc_400m": 400_000_000 if self.stored(_OSC_400M) & 1 and not self.stored(_OSC_400M_POWER) & 1 else 0,
            "osc_24m": crystal,
            "arm_pll": self._arm_pll(crystal),
            "sys_pll1": pll1,
            "sys_pll1_div2": pll1 // 2,
            "sys_pll1_div5": pll1 // 5,
            "sys_pll2": pll2,
            "sys_pll3": pll3,
            "sys_pll3_div2": pll3 // 2,
        }
        for name, hz, register in (("sys_pll2", pll2, _SYS_PLL2_PFD), ("sys_pll3", pll3, _SYS_PLL3_PFD)):
            for index in range(4):
                sources[f"{name}_pfd{index}"] = self._pfd(hz, self.stored(register) >> 8 * index)
        return sources

    def _arm_pll(self, crystal: int) -> int:
        """DIV_SELECT half crystal periods, and a divider behind."""
        control = self.stored(_ARM_PLL)
        if control & _GATE or not control & _ARM_ENABLE or not control >> 13 & 1:
            return 0
        return crystal * (control & 0xFF) // (2 * _ARM_POST_DIVIDERS[control >> 15 & 3])

    def _running(self, register: int, hz: int, gate: int = _GATE) -> int:
        control = self.stored(register)
        return hz if control & _SYS_ENABLE and not control & gate else 0

    @staticmethod
    def _pfd(hz: int, control: int) -> int:
        """18/FRAC of its PLL, unless it is gated."""
        fraction = control & 0x3F
        return hz * 18 // fraction if fraction and not control & 0x80 else 0

    def _update_pfds(self, offset: int, changed: int) -> None:
        register = _SYS_PLL2_PFD if offset == _SYS_PLL2_UPDATE else _SYS_PLL3_PFD
        for index in range(4):
            if changed >> index & 1:
                self._values[register] = self.stored(register) ^ 0x40 << 8 * index
