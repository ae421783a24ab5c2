"""Calls functions of an ELF file on an emulated core with nothing around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.deploy.image import open_image
from harness.deploy.target import Core
from harness.errors import BuildError

CODE, RAM = 0x0800_0000, 0x2000_0000
RAM_BYTES = 64 << 20
_CODE_BYTES = 384 << 20
_STACK_TOP = RAM + RAM_BYTES - 64
_RETURN = CODE + _CODE_BYTES - 16
_PAGE = 0x1000


class Emulator:
    """A core with an image in its memory; static variables keep their values from call to call."""

    def __init__(self, elf: Path, core: Core) -> None:
        """Load an image that is linked to `CODE` and `RAM`.

        Raises:
            BuildError: it is no ELF image.
        """
        import unicorn
        import unicorn.arm_const as arm

        models = {Core.CORTEX_M7: arm.UC_CPU_ARM_CORTEX_M7, Core.CORTEX_M33: arm.UC_CPU_ARM_CORTEX_M33}
        # A Cortex-M4 runs the Cortex-M0+'s code as well.
        model = models.get(core, arm.UC_CPU_ARM_CORTEX_M4)
        self._arm: Any = arm
        self._error: Any = unicorn.UcError
        self._uc: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB, cpu=model)
        self._uc.mem_map(CODE, _CODE_BYTES)
        self._uc.mem_map(RAM, RAM_BYTES)
        with open_image(elf) as image:
            for segment in image.iter_segments("PT_LOAD"):
                self._uc.mem_write(segment["p_vaddr"], segment.data())
            table = image.get_section_by_name(".symtab")
            self._symbols: dict[str, int] = {one.name: one["st_value"] for one in table.iter_symbols()}
        self._uc.mem_map(0xE000_E000, _PAGE)
        self._uc.reg_write(arm.UC_ARM_REG_C1_C0_2, 0xF << 20)
        self._uc.reg_write(arm.UC_ARM_REG_FPEXC, 1 << 30)

    def call(self, function: str, *arguments: int, seconds: int = 120) -> int:
        """What a function of up to four words returns, unsigned.

        Raises:
            BuildError: it took a fault, or did not return in time.
        """
        arm = self._arm
        registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)
        for register, argument in zip(registers, arguments, strict=False):
            self._uc.reg_write(register, argument)
        self._uc.reg_write(arm.UC_ARM_REG_SP, _STACK_TOP)
        self._uc.reg_write(arm.UC_ARM_REG_LR, _RETURN | 1)
        try:
            self._uc.emu_start(self._symbols[function] | 1, _RETURN, timeout=seconds * 1_000_000)
        except self._error as error:
            raise BuildError(f"{function} crashed on the emulated core: {error}") from error
        if self._uc.reg_read(arm.UC_ARM_REG_PC) & ~1 != _RETURN:
            raise BuildError(f"{function} did not return within {seconds} s on the emulated core")
        return int(self._uc.reg_read(arm.UC_ARM_REG_R0))

    def text(self, symbol: str, most: int) -> str:
        """The zero-terminated string in an array of the image."""
        content = bytes(self._uc.mem_read(self._symbols[symbol], most))
        return content.partition(b"\0")[0].decode(errors="replace")
