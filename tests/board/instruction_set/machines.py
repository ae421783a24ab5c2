"""The machines of QEMU that stand for our cores, and their memories."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deploy.target import Core


@dataclass(frozen=True)
class ReferenceMachine:
    """One of QEMU's machines.

    Attributes:
        rom, ram: addresses of the memories that code runs from and that it writes to.
        rom_bytes: of the former.
        buffer_records: how many records the latter holds between two writes to the host.
    """

    core: Core
    name: str
    gcc: tuple[str, ...]
    rom: int
    ram: int
    rom_bytes: int
    ram_bytes: int
    buffer_records: int
    floats: bool = True


MACHINES = {
    machine.core: machine
    for machine in (
        ReferenceMachine(
            *(Core.CORTEX_M0PLUS, "microbit", ("-mcpu=cortex-m0plus", "-mfloat-abi=soft")),
            *(0, 0x2000_0000, 0x4_0000, 0x4000, 32),
            floats=False,
        ),
        ReferenceMachine(
            *(Core.CORTEX_M4, "mps2-an386", ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")),
            *(0, 0x2000_0000, 0x40_0000, 0x40_0000, 256),
        ),
        ReferenceMachine(
            *(Core.CORTEX_M7, "mps2-an500", ("-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard")),
            *(0, 0x2000_0000, 0x40_0000, 0x40_0000, 256),
        ),
        ReferenceMachine(
            *(Core.CORTEX_M33, "mps2-an505", ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")),
            *(0x1000_0000, 0x3800_0000, 0x40_0000, 0x40_0000, 256),
        ),
    )
}
