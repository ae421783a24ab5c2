"""The firmware's 64-bit cycle count, by the very code of the image."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.board_file import load_board
from harness.deploy.build import build_firmware
from tests.deploy.identity_backend import IdentityBackend, identity_variant

SYSTICK_PERIOD = 2**24 - 3
LONGEST = 2**45


class CycleCounter:
    """Calls `cycles_between` of an image on an emulated core."""

    def __init__(self) -> None:
        from elftools.elf.elffile import ELFFile
        from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, arm_const

        target = load_board("nucleo_l4r5zi").target
        elf = build_firmware(identity_variant(), target, IdentityBackend()).elf
        self._registers = [arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R1, arm_const.UC_ARM_REG_R2]
        self._registers += [arm_const.UC_ARM_REG_R3, arm_const.UC_ARM_REG_SP, arm_const.UC_ARM_REG_LR]
        self._top = target.ram.origin + target.ram.size
        self._core = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self._core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
        self._core.mem_map(target.flash.origin, target.flash.size)
        self._core.mem_map(target.ram.origin, target.ram.size)
        with elf.open("rb") as stream:
            image = ELFFile(stream)
            for segment in image.iter_segments():
                self._core.mem_write(segment["p_paddr"], segment.data())
            (symbol,) = image.get_section_by_name(".symtab").get_symbol_by_name("cycles_between")
            self._entry, self._exit = symbol["st_value"], target.flash.origin + target.flash.size - 4

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> int:
        """The count from one moment (CYCCNT, SysTick) to another."""
        for register, value in zip(self._registers, (*start, *end, self._top, self._exit | 1), strict=True):
            self._core.reg_write(register, value)
        self._core.emu_start(self._entry | 1, self._exit)
        low, high = (int(self._core.reg_read(register)) for register in self._registers[:2])
        return high << 32 | low


@pytest.fixture(scope="module")
def counter() -> CycleCounter:
    return CycleCounter()


def moment(time: int, delay: int) -> tuple[int, int]:
    """What the two counters show at a time, SysTick being read `delay` cycles after CYCCNT."""
    return time % 2**32, -(time + delay) % SYSTICK_PERIOD


@settings(max_examples=300)
@given(
    start=st.integers(0, 2**48),
    cycles=st.one_of(st.integers(0, LONGEST), st.integers(0, 100_000), st.integers(2**32 - 1000, 2**32 + 1000)),
    delays=st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
def test_cycles_are_right_however_often_the_counters_wrap(
    counter: CycleCounter, start: int, cycles: int, delays: tuple[int, int]
) -> None:
    assert counter.between(moment(start, delays[0]), moment(start + cycles, delays[1])) == cycles
