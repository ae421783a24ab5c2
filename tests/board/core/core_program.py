"""Builds the scenarios of this directory for a core, and runs one: on a virtual board, or on QEMU's nearest machine."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.board.board_file import load_board
from harness.board.virtual.machine import Machine, Pause
from harness.cache import cached, sha256_of_files
from harness.deploy.target import Core
from tests.board.instruction_set.machines import MACHINES

BOARDS = {
    Core.CORTEX_M0PLUS: "nucleo_g0b1re",
    Core.CORTEX_M4: "nucleo_l4r5zi",
    Core.CORTEX_M7: "nucleo_f746zg",
    Core.CORTEX_M33: "nucleo_u575zi_q",
}
_SOURCES = Path(__file__).parent
_SECONDS = 20
_CYCLES = 1_000_000
_LOG_BYTES = 480


@dataclass(frozen=True)
class Program:
    """An image with no scenario chosen."""

    elf: Path
    symbols: dict[str, int]
    segments: tuple[tuple[int, bytes], ...]

    def with_scenario(self, name: str) -> list[tuple[int, bytes]]:
        """The image with one chosen, as (address, bytes)."""
        word = struct.pack("<I", self.symbols[name] | 1)
        return [*self.segments, (self.symbols["scenario"], word)]


def scenarios(core: Core) -> list[str]:
    """Names of the scenarios that a core has."""
    program = build(core, qemu=False)
    with program.elf.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        found = {one.name for one in symbols.iter_symbols() if one["st_info"]["bind"] == "STB_GLOBAL"}
    text = "".join(path.read_text() for path in _SOURCES.glob("scenarios_*.c"))
    return [name for name in _declared(text) if name in found]


def _declared(text: str) -> list[str]:
    return [line.split()[1].split("(")[0] for line in text.splitlines() if line.startswith("SCENARIO ")]


@cache
def build(core: Core, *, qemu: bool) -> Program:
    """The image for a core's board or for QEMU's machine, from the cache where it was built before."""
    machine, target = MACHINES[core], load_board(BOARDS[core]).target
    rom, ram = (machine.rom, machine.ram) if qemu else (target.flash.origin, target.ram.origin)
    command = [
        *("arm-none-eabi-gcc", *machine.gcc, "-mthumb", "-O1", "-Wall", "-Wextra", "-Werror", "-nostdlib"),
        *("-Wl,--build-id=none", f"-Wl,--defsym=ROM={rom:#x}", f"-Wl,--defsym=RAM={ram:#x}"),
        *(["-DSEMIHOSTING"] if qemu else []),
        f"-T{_SOURCES / 'core_test.ld'}",
        *(str(path) for path in sorted(_SOURCES.glob("*.c"))),
    ]

    def make(directory: Path) -> None:
        done = subprocess.run([*command, "-o", "core_test.elf", "-lgcc"], cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    built = cached("core-test", {"command": command, "sources": sha256_of_files(_SOURCES)}, make)
    with (built / "core_test.elf").open("rb") as file:
        elf = ELFFile(file)
        symbols = {one.name: one["st_value"] & ~1 for one in elf.get_section_by_name(".symtab").iter_symbols()}
        segments = tuple((one["p_paddr"], one.data()) for one in elf.iter_segments("PT_LOAD") if one["p_filesz"])
    return Program(built / "core_test.elf", symbols, segments)


def boot(core: Core, scenario: str) -> Machine:
    """A virtual board about to run a scenario."""
    machine = Machine(load_board(BOARDS[core]))
    for address, content in build(core, qemu=False).with_scenario(scenario):
        machine.chip.engine.write(address, content)
    machine.reset()
    return machine


def read_log(machine: Machine, core: Core) -> list[int]:
    """What a scenario has noted so far."""
    symbols = build(core, qemu=False).symbols
    (count,) = struct.unpack("<I", machine.chip.engine.read(symbols["log_count"], 4))
    return list(struct.unpack(f"<{count}I", machine.chip.engine.read(symbols["log_words"], 4 * count)))


def run_on_board(core: Core, scenario: str) -> list[int]:
    """The log of a scenario."""
    machine = boot(core, scenario)
    pause = machine.run(_CYCLES)
    assert pause is Pause.SLEEPING, f"{pause}, {[hex(word) for word in read_log(machine, core)]}"
    return read_log(machine, core)


def run_on_qemu(core: Core, scenario: str, directory: Path) -> list[int]:
    """The log of a scenario; shorter logs end in zeros."""
    program = build(core, qemu=True)
    image = bytearray(program.elf.read_bytes())
    with program.elf.open("rb") as file:
        segment = next(one for one in ELFFile(file).iter_segments("PT_LOAD"))
        at = program.symbols["scenario"] - segment["p_paddr"] + segment["p_offset"]
    image[at : at + 4] = struct.pack("<I", program.symbols[scenario] | 1)
    (directory / "image.elf").write_bytes(image)
    command = ["qemu-system-arm", "-M", MACHINES[core].name, "-display", "none", "-serial", "null", "-monitor", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", "image.elf"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 0, done.stderr
    return list(struct.unpack(f"<{_LOG_BYTES // 4}I", (directory / "log.bin").read_bytes()))
