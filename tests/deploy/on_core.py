"""Runs generated code on an emulated core and nothing else: no board, no UART; the quickest proof that it is right."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from harness.deploy.backend import GeneratedCode
from harness.deploy.target import Core, Memory, MemoryKind, Target
from harness.deploy.toolchain import core_flags
from harness.paths import FIRMWARE

FLASH, RAM = 0x0800_0000, 0x2000_0000
_FLASH_BYTES, _RAM_BYTES = 4 << 20, 4 << 20
_RETURN = FLASH + _FLASH_BYTES - 16
_STEP_DONE = FLASH + _FLASH_BYTES - 32


def _bare(core: Core, fpu: str) -> Target:
    memories = Memory("flash", MemoryKind.FLASH, FLASH, _FLASH_BYTES), Memory("ram", MemoryKind.RAM, RAM, _RAM_BYTES)
    return Target(f"bare_{core}", core, fpu, "none", clock_hz=100_000_000, console_baud=115_200, memories=memories)


CORTEX_M0PLUS = _bare(Core.CORTEX_M0PLUS, "")
CORTEX_M4 = _bare(Core.CORTEX_M4, "fpv4-sp-d16")
CORTEX_M7 = _bare(Core.CORTEX_M7, "fpv5-sp-d16")
CORTEX_M33 = _bare(Core.CORTEX_M33, "fpv5-sp-d16")

_SCRIPT = f"""
ENTRY(model_run)
MEMORY {{ FLASH (rx) : ORIGIN = {FLASH}, LENGTH = {_FLASH_BYTES - 64}  RAM (rwx) : ORIGIN = {RAM}, LENGTH = 3M }}
SECTIONS {{
  .text : {{ *(.text*) *(.rodata*) }} > FLASH
  .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
  .data : {{ *(.data*) }} > RAM
  .bss : {{ *(.bss*) *(COMMON) }} > RAM
}}
"""


def link(code: GeneratedCode, target: Target, directory: Path) -> Path:
    """Compile and link generated code alone; every symbol it needs must be its own or the C library's."""
    script, elf = directory / "bare.ld", directory / "bare.elf"
    script.write_text(_SCRIPT)
    files = [str(file) for file in (*code.sources, *code.objects, *code.kernel_archives)]
    roots = [f"-Wl,-u,{symbol}" for symbol in ("model_init", "model_inputs", "model_outputs", "model_arena_bytes")]
    include = [f"-I{FIRMWARE / 'include'}", *(f"-isystem{folder}" for folder in code.include_directories)]
    flags = [*core_flags(target), "-O2", "-Wall", "-Wextra", "-Werror", "-nostartfiles", "--specs=nano.specs", *include]
    linking = ["-Wl,--gc-sections,-z,noexecstack", *roots, f"-T{script}", *files, "-lm", "-o", str(elf)]
    subprocess.run(["arm-none-eabi-gcc", *flags, *linking], check=True)
    return elf


class BareCore:
    """A core with one model in its flash."""

    def __init__(self, elf: Path, core: Core = Core.CORTEX_M4) -> None:
        import unicorn
        import unicorn.arm_const as arm

        models = {
            Core.CORTEX_M0PLUS: arm.UC_CPU_ARM_CORTEX_M0,
            Core.CORTEX_M4: arm.UC_CPU_ARM_CORTEX_M4,
            Core.CORTEX_M7: arm.UC_CPU_ARM_CORTEX_M7,
            Core.CORTEX_M33: arm.UC_CPU_ARM_CORTEX_M33,
        }
        self._arm: Any = arm
        self._uc: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB, cpu=models[core])
        self._uc.mem_map(FLASH, _FLASH_BYTES)
        self._uc.mem_map(RAM, _RAM_BYTES)
        with elf.open("rb") as file:
            image = ELFFile(file)
            for segment in image.iter_segments("PT_LOAD"):
                self._uc.mem_write(segment["p_paddr"], segment.data())
            symbols = image.get_section_by_name(".symtab")
            self.symbols: dict[str, int] = {s.name: s["st_value"] for s in symbols.iter_symbols()}
        self._uc.mem_write(_STEP_DONE, bytes.fromhex("7047"))
        self._uc.mem_map(0xE000_E000, 0x1000)
        self._uc.reg_write(arm.UC_ARM_REG_C1_C0_2, 0xF << 20)
        self._uc.reg_write(arm.UC_ARM_REG_FPEXC, 1 << 30)
        self._call("model_init")

    def run(self, *inputs: bytes, report_steps: bool = False) -> tuple[bytes, ...]:
        """One inference."""
        for (address, size), content in zip(self._tensors("model_input"), inputs, strict=True):
            assert len(content) == size
            self._uc.mem_write(address, content)
        self._call("model_run", _STEP_DONE | 1 if report_steps else 0)
        return tuple(bytes(self._uc.mem_read(*tensor)) for tensor in self._tensors("model_output"))

    def count_instructions(self, *inputs: bytes) -> list[int]:
        """Instructions of each step of one inference."""
        counts, steps = {"now": 0}, [0]
        block = self._instruction_counter()

        def count(_uc: Any, address: int, size: int, _user: Any) -> None:
            if address == _STEP_DONE:
                steps.append(counts["now"])
            counts["now"] += block(address, size)

        import unicorn

        self._uc.ctl_flush_tb()  # blocks translated before know nothing of the hook
        hook = self._uc.hook_add(unicorn.UC_HOOK_BLOCK, count)
        try:
            self.run(*inputs, report_steps=True)
        finally:
            self._uc.hook_del(hook)
        return [end - start for start, end in pairwise(steps)]

    def _instruction_counter(self) -> Callable[[int, int], int]:
        import capstone

        disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        known: dict[tuple[int, int], int] = {}

        def block(address: int, size: int) -> int:
            if (address, size) not in known:
                code = bytes(self._uc.mem_read(address, size))
                known[address, size] = sum(1 for _ in disassembler.disasm_lite(code, address))
            return known[address, size]

        return block

    def _tensors(self, kind: str) -> list[tuple[int, int]]:
        count = self._word(self.symbols[f"{kind}_count"])
        table = self.symbols[f"{kind}s"]
        return [(self._word(table + 8 * n), self._word(table + 8 * n + 4)) for n in range(count)]

    def _word(self, address: int) -> int:
        return int(struct.unpack("<I", self._uc.mem_read(address, 4))[0])

    def _call(self, function: str, argument: int = 0) -> None:
        arm = self._arm
        self._uc.reg_write(arm.UC_ARM_REG_R0, argument)
        self._uc.reg_write(arm.UC_ARM_REG_SP, RAM + _RAM_BYTES - 64)
        self._uc.reg_write(arm.UC_ARM_REG_LR, _RETURN | 1)
        self._uc.emu_start(self.symbols[function] | 1, _RETURN, count=0)
        assert self._uc.reg_read(arm.UC_ARM_REG_R0) == 0, f"{function} failed"
