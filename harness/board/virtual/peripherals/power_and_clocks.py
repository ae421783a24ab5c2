"""RCC and PWR: clocks and regulators that are ready as soon as they are enabled (RM0432 chapters 5, 6; RM0385 4, 5)."""

from __future__ import annotations

from harness.board.virtual.peripherals.register_block import Follower, FollowingBlock


def _ready(control: int, *bits: tuple[int, int]) -> tuple[Follower, ...]:
    return tuple(Follower(control, enable, control, ready) for enable, ready in bits)


def rcc_stm32l4() -> FollowingBlock:
    """RCC of the STM32L4+: MSI, HSI, HSE, PLLs, LSE, LSI, HSI48, and SWS following SW."""
    cr, cfgr, bdcr, csr, crrcr = 0x00, 0x08, 0x90, 0x94, 0x98
    followers = (
        *_ready(cr, (0, 1), (8, 10), (16, 17), (24, 25), (26, 27), (28, 29)),
        Follower(cfgr, 0, cfgr, 2, width=2),
        *_ready(bdcr, (0, 1)),
        *_ready(csr, (0, 1)),
        *_ready(crrcr, (0, 1)),
    )
    return FollowingBlock("RCC", 0x4002_1000, followers, {cr: 0x63})


def rcc_stm32f7() -> FollowingBlock:
    """RCC of the STM32F7: HSI, HSE, PLLs, LSE, LSI, and SWS following SW."""
    cr, cfgr, bdcr, csr = 0x00, 0x08, 0x70, 0x74
    followers = (
        *_ready(cr, (0, 1), (16, 17), (24, 25), (26, 27), (28, 29)),
        Follower(cfgr, 0, cfgr, 2, width=2),
        *_ready(bdcr, (0, 1)),
        *_ready(csr, (0, 1)),
    )
    return FollowingBlock("RCC", 0x4002_3800, followers, {cr: 0x83})


def pwr_stm32l4() -> FollowingBlock:
    """PWR of the STM32L4+: in range 1, the low-power regulator started, the voltage never scaling (SR2.VOSF = 0)."""
    cr1, cr5, sr2 = 0x00, 0x80, 0x14
    return FollowingBlock("PWR", 0x4000_7000, (), {cr1: 0x200, cr5: 0x100, sr2: 0x100})


def pwr_stm32f7() -> FollowingBlock:
    """PWR of the STM32F7: the regulator ready (VOSRDY), over-drive ready as enabled (ODRDY, ODSWRDY)."""
    cr1, csr1 = 0x00, 0x04
    followers = (Follower(cr1, 16, csr1, 16, width=2),)
    return FollowingBlock("PWR", 0x4000_7000, followers, {cr1: 0xC000, csr1: 0x4000})
