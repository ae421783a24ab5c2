"""Memory accesses within an IT block leave nothing behind: what comes after the block is not conditional."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.board.virtual.machine import Pause
from tests.board.registers import Registers

RAM, HALT, RUN = 0x2000_0000, 0xA05F_0003, 0xA05F_0001
DHCSR, DCRSR, DCRDR, PC = 0xE000_EDF0, 0xE000_EDF4, 0xE000_EDF8, 15

ACCESSES = {
    "a register's read": "ldrne r3, [r2]",
    "a register's write": "strne r5, [r2]",
    "a load from RAM that was not used before": "ldrne r3, [r3]",
    "a store to RAM that was not used before": "strne r5, [r3]",
    "a load from flash": "ldrne r3, [r4]",
    "a store to flash, which is dropped": "strne r5, [r4]",
    "an unaligned load": "ldrne r3, [r3, #1]",
}
BODY = """
        .syntax unified
        .cpu cortex-m4
        .thumb
        movs    r0, #0
        movs    r5, #1
        movs    r6, #0
        ldr     r2, =0x40005400
        ldr     r3, =0x20010000
        ldr     r4, =0x08010000
        cmp     r5, #2
        itete   ne
        {access}
        addeq   r6, #1
        addne   r6, #1
        addeq   r6, #1
        b       1f
1:      movs    r1, #5
        cmp     r1, #6
        beq     2f
        mov     r0, r6
2:      bkpt    0
"""


def run(chip: Registers, code: bytes) -> int:
    """R0 at the end of code in RAM."""
    chip.write(DHCSR, HALT)
    chip.machine.chip.bus.write(RAM, code)
    chip.write(DCRDR, RAM)
    chip.write(DCRSR, 1 << 16 | PC)
    chip.write(DHCSR, RUN)
    assert chip.machine.run(10_000) is Pause.HALTED
    chip.write(DCRSR, 0)
    return chip.read(DCRDR)


@pytest.mark.parametrize("access", ACCESSES.values(), ids=ACCESSES)
@pytest.mark.parametrize("board", ["disco_f469ni", "nucleo_f767zi", "nucleo_u575zi_q"])
def test_the_instructions_after_the_block_are_executed(board: str, access: str, tmp_path: Path) -> None:
    source, assembled, image = (tmp_path / name for name in ("code.s", "code.o", "code.bin"))
    source.write_text(BODY.format(access=access))
    subprocess.run(["arm-none-eabi-as", str(source), "-o", str(assembled)], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(assembled), str(image)], check=True)
    assert run(Registers.of(board), image.read_bytes()) == 1
