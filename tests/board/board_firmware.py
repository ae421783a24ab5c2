"""Builds the test firmware of this directory for a board, and runs it on a machine in this process."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from harness.board.board_file import load_board
from harness.board.spec import BoardSpec
from harness.board.virtual.machine import Machine, Pause
from harness.cache import cached, sha256_of_files

BOARDS = ("nucleo_l4r5zi", "nucleo_f746zg")
both_boards = pytest.mark.parametrize("board", BOARDS)
SOURCES = Path(__file__).parent / "firmware"
_INTERRUPTS = {"stm32l4": 70, "stm32f7": 39}
_PORTS = {"stm32l4": 0x4800_0000, "stm32f7": 0x4002_0000}
_CLOCK_SETUP = {
    # PLLCFGR: MSI x 60 / 2; PLLON; SW; LPUART1's BRR at 921,600 baud.
    "stm32l4": ((0x4002_100C, 0x0100_3C01), (0x4002_1000, 0x0100_0063), (0x4002_1008, 0x3), (0x4000_800C, 33_333)),
    # HSE on; PLLCFGR: HSE / 4 x 216 / 2; PLLON; PPRE1, PPRE2, SW; USART3's clock is SYSCLK; its BRR at 921,600 baud.
    "stm32f7": (
        (0x4002_3800, 0x0005_0083),
        (0x4002_3804, 0x0940_3604),
        (0x4002_3800, 0x0105_0083),
        (0x4002_3808, 0x9402),
        (0x4002_3890, 0x10),
        (0x4000_480C, 234),
    ),
}
"""Writes that set the board's clock and baud rate, as (address, value)."""


@cache
def test_firmware(board: str) -> Path:
    """The ELF file for a board, from the cache where it was built before."""
    target = load_board(board).target
    port = _PORTS[target.family] + 0x400 * target.defines["BOARD_TRIGGER_PORT"]
    command = [
        "arm-none-eabi-gcc",
        f"-mcpu={target.core}",
        f"-mfpu={target.fpu}",
        "-mfloat-abi=hard",
        "-mthumb",
        *("-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-infinite-recursion", "-nostartfiles", "--specs=nano.specs"),
        f"-DCONSOLE_BASE={target.defines['BOARD_CONSOLE_BASE']:#x}",
        f"-DCONSOLE_INTERRUPT={_INTERRUPTS[target.family]}",
        f"-DTRIGGER_BASE={port:#x}",
        "-DCLOCK_SETUP=" + ",".join(f"{{{address:#x},{value:#x}}}" for address, value in _CLOCK_SETUP[target.family]),
        f"-DTRIGGER_PIN={target.defines['BOARD_TRIGGER_PIN']}",
        f"-T{SOURCES / 'board_test.ld'}",
        str(SOURCES / "board_test.c"),
    ]

    def make(directory: Path) -> None:
        subprocess.run([*command, "-o", str(directory / "board_test.elf")], check=True)

    return cached("test-firmware", {"command": command, "sources": sha256_of_files(SOURCES)}, make) / "board_test.elf"


test_firmware.__test__ = False  # type: ignore[attr-defined]


def symbol(elf: Path, name: str) -> tuple[int, int]:
    """Address and size of a function."""
    with elf.open("rb") as file:
        (found,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(name)
        return found["st_value"] & ~1, found["st_size"]


@dataclass
class Bench:
    """A machine with the test firmware in its flash, talked to without ports and threads."""

    machine: Machine
    slice_cycles: int = 2_000_000

    @classmethod
    def boot(cls, board: str, slice_cycles: int = 2_000_000) -> Bench:
        """Power on, with the firmware already in flash."""
        return cls.boot_spec(load_board(board), test_firmware(board), slice_cycles)

    @classmethod
    def boot_spec(cls, spec: BoardSpec, elf: Path, slice_cycles: int = 2_000_000) -> Bench:
        """Power on with any image."""
        bench = cls(Machine(spec), slice_cycles)
        with elf.open("rb") as file:
            for segment in ELFFile(file).iter_segments("PT_LOAD"):
                bench.machine.chip.engine.write(segment["p_paddr"], segment.data())
        bench.machine.reset()
        return bench

    def ask(self, command: bytes, until: bytes = b"", cycles: int = 50_000_000) -> bytes:
        """Send a command and run until the firmware waits or halts, has said `until`, or the cycles are over."""
        self.machine.line.feed(command)
        answer, end = b"", self.machine.cycles + cycles
        while self.machine.cycles < end:
            pause = self.machine.run(self.slice_cycles)
            answer += self.machine.line.sent()
            if pause is not Pause.SLICE_DONE or (until and until in answer):
                break
        return answer


def fields(answer: bytes) -> dict[str, int]:
    """What the firmware reports, one `name hex` a line."""
    pairs = (line.split() for line in answer.decode().splitlines())
    return {pair[0]: int(pair[1], 16) for pair in pairs if len(pair) == 2}
