"""An image of many cases, that QEMU and our engine run alike."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.cache import cached, sha256_of_files
from tests.board.instruction_set.generator import ALIGNED_POINTERS, DATA_BYTES, POINTERS, Case
from tests.board.instruction_set.machines import ReferenceMachine

_HERE = Path(__file__).parent
_CASES_AT = 0x1000
_CODE_BYTES = 128


@dataclass(frozen=True)
class Runner:
    """The program around the cases: its bytes, and the addresses of where cases end and of the data they work on."""

    code: bytes
    case_end: int
    data: int


def load_runner(machine: ReferenceMachine) -> Runner:
    """The runner for a machine, from the cache where it was built before."""
    command = [
        *("arm-none-eabi-gcc", *machine.gcc, "-nostdlib", "-Wl,--build-id=none", f"-DHAS_FLOATS={int(machine.floats)}"),
        *(f"-DBUFFER_RECORDS={machine.buffer_records}", '-DCASES="cases.bin"', f"-Wl,-Ttext={machine.rom + 0x40:#x}"),
        *(f"-Wl,--section-start=.vectors={machine.rom:#x}", f"-Wl,--section-start=.ram={machine.ram:#x}"),
        f"-Wl,--section-start=.cases={machine.rom + _CASES_AT:#x}",
    ]

    def make(directory: Path) -> None:
        (directory / "cases.bin").write_bytes(bytes(8 + DATA_BYTES))
        done = subprocess.run(
            [*command, "-o", "runner.elf", str(_HERE / "runner.S")], cwd=directory, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    built = cached("instruction-set-runner", {"command": command, "source": sha256_of_files(_HERE)}, make)
    with (built / "runner.elf").open("rb") as file:
        elf = ELFFile(file)
        symbols = {one.name: one["st_value"] for one in elf.get_section_by_name(".symtab").iter_symbols()}
        sections = {name: elf.get_section_by_name(name) for name in (".vectors", ".text")}
        code = b"".join(section.data().ljust(0x40, b"\0") for section in sections.values())
    assert len(code) <= _CASES_AT
    return Runner(code, symbols["case_end"] & ~1, symbols["data"])


def make_image(machine: ReferenceMachine, runner: Runner, cases: Sequence[Case], template: bytes) -> bytes:
    """The read-only memory with these cases in it, whose data begin as `template`."""
    record = 4 + 14 * 4 + (128 if machine.floats else 0)
    code_at = machine.rom + _CASES_AT + 4 + DATA_BYTES + record * len(cases)
    inputs, codes = [], []
    for case in cases:
        code = b"".join(case.units)
        code += _branch(code_at + len(code), runner.case_end, link=not machine.floats)
        code += bytes(-len(code) % 4)
        addresses = (*ALIGNED_POINTERS, *POINTERS)
        registers = [value + (runner.data if n in addresses else 0) for n, value in enumerate(case.registers)]
        inputs.append(struct.pack("<15I", code_at | 1, *registers, case.flags, case.fpscr))
        if machine.floats:
            inputs.append(struct.pack("<32I", *case.floats))
        codes.append(code)
        code_at += len(code)
    image = runner.code.ljust(_CASES_AT, b"\0") + len(cases).to_bytes(4, "little") + template
    # Loads relative to the PC reach a kilobyte beyond the last case.
    image += b"".join(inputs) + b"".join(codes) + bytes(range(256)) * 8
    assert len(image) <= machine.rom_bytes
    return image


def cases_in_an_image(machine: ReferenceMachine) -> int:
    """How many cases fit for certain."""
    record = 4 + 14 * 4 + (128 if machine.floats else 0)
    return min((machine.rom_bytes - 2 * _CASES_AT) // (record + _CODE_BYTES), 8192)


def _branch(at: int, target: int, *, link: bool) -> bytes:
    """B.W, or the BL of Armv6-M, which has no such branch."""
    offset = target - at - 4
    sign, j1, j2 = offset >> 24 & 1, offset >> 23 & 1, offset >> 22 & 1
    first = 0xF000 | sign << 10 | offset >> 12 & 0x3FF
    second = (0xD000 if link else 0x9000) | (j1 ^ sign ^ 1) << 13 | (j2 ^ sign ^ 1) << 11 | offset >> 1 & 0x7FF
    return first.to_bytes(2, "little") + second.to_bytes(2, "little")
