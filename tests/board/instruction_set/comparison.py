"""Runs cases on both, and says where they part."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.board.instruction_set.executions import run_on_engine, run_on_qemu
from tests.board.instruction_set.generator import DATA_BYTES, Case, Generator
from tests.board.instruction_set.image import cases_in_an_image, load_runner, make_image
from tests.board.instruction_set.machines import ReferenceMachine

_NAMES = (*(f"R{number}" for number in range(11)), "SP", "LR", "APSR", "FPSCR", "-")


@dataclass(frozen=True)
class Difference:
    """A case whose results differ, cut behind the first unit that makes them differ."""

    case: Case
    expected: bytes
    found: bytes

    def __str__(self) -> str:
        lines = [f"  {text}" for text in disassemble(b"".join(self.case.units))]
        lines += [f"  {name}: {old:#010x}" for name, old in zip(_NAMES, self.case.registers, strict=False)]
        lines += [f"  flags {self.case.flags:#010x}, FPSCR {self.case.fpscr:#010x}"]
        lines += [f"  S{number} = {value:#010x}" for number, value in enumerate(self.case.floats)]
        lines += [
            f"  {name}: QEMU {expected:#010x}, here {found:#010x}" for name, expected, found in _words_that_differ(self)
        ]
        return "\n".join(lines)


def compare(machine: ReferenceMachine, count: int, seed: int, directory: Path) -> Iterator[Difference]:
    """Where `count` random cases give other results here than in QEMU."""
    generator, runner = Generator(machine.core, seed), load_runner(machine)
    while count > 0:
        batch = [generator.case() for _ in range(min(count, cases_in_an_image(machine)))]
        count -= len(batch)
        template = random.Random(f"data {seed} {count}").randbytes(DATA_BYTES)

        def run(cases: Sequence[Case], data: bytes = template) -> Iterator[Difference]:
            image = make_image(machine, runner, cases, data)
            expected, found = run_on_qemu(machine, image, directory), run_on_engine(machine, image)
            return _differences(machine, cases, expected, found)

        for difference in run(batch):
            units = difference.case.units
            prefixes = [replace(difference.case, units=units[:length]) for length in range(1, len(units) + 1)]
            yield next(iter(run(prefixes)), difference)


def _differences(
    machine: ReferenceMachine, cases: Sequence[Case], expected: bytes, found: bytes
) -> Iterator[Difference]:
    size = 64 + DATA_BYTES + (128 if machine.floats else 0)
    whole = size * len(cases)
    assert len(expected) == whole, f"QEMU faults in {_describe(cases, len(expected) // size)}"
    assert len(found) == whole, f"the engine faults in {_describe(cases, len(found) // size)}"
    for index, case in enumerate(cases):
        left, right = (records[index * size : (index + 1) * size] for records in (expected, found))
        if left != right:
            yield Difference(case, left, right)


def _describe(cases: Sequence[Case], index: int) -> str:
    return "\n".join(["one of:", *disassemble(b"".join(cases[index].units))])


def disassemble(code: bytes) -> list[str]:
    """The instructions of a case, with their encodings."""
    from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, CS_MODE_V8, Cs

    engine = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS | CS_MODE_V8)
    engine.skipdata = True
    return [f"{one.bytes.hex():8}  {one.mnemonic} {one.op_str}" for one in engine.disasm(code, 0)]


def _words_that_differ(difference: Difference) -> Iterator[tuple[str, int, int]]:
    count = len(difference.expected) // 4
    floats = [f"S{number}" for number in range((len(difference.expected) - 64 - DATA_BYTES) // 4)]
    names = [*_NAMES, *floats, *(f"data+{4 * index:#x}" for index in range(DATA_BYTES // 4))]
    words = (struct.unpack(f"<{count}I", records) for records in (difference.expected, difference.found))
    return (one for one in zip(names, *words, strict=True) if one[1] != one[2])
