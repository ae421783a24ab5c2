"""Assembles snippets for the tests of the timing rules."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.board.virtual.timing.block import EMPTY, BlockCost, Pipeline
from harness.board.virtual.timing.cores import timing_model
from harness.board.virtual.timing.decode import Decoder
from harness.board.virtual.timing.instruction import Instruction
from harness.deploy.target import Core

ORIGIN = 0x0800_0000
_ASSEMBLERS = {
    Core.CORTEX_M0PLUS: ("-mcpu=cortex-m0plus",),
    Core.CORTEX_M4: ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"),
    Core.CORTEX_M7: ("-mcpu=cortex-m7", "-mfpu=fpv5-d16"),
    Core.CORTEX_M33: ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16"),
}
_decoder = Decoder()
model = cache(timing_model)


@cache
def machine_code(core: Core, source: str) -> bytes:
    """Code of lines separated by semicolons."""
    with TemporaryDirectory() as directory:
        out, text = Path(directory, "a.o"), Path(directory, "a.bin")
        lines = "\n".join([".syntax unified", ".thumb", *source.split(";"), ""])
        command = ["arm-none-eabi-as", *_ASSEMBLERS[core], "-o", str(out), "-"]
        subprocess.run(command, input=lines, text=True, check=True)
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", "-j", ".text", str(out), str(text)], check=True)
        return text.read_bytes()


def line_by_line(core: Core, lines: list[str]) -> bytes:
    """The same for lines without labels, each assembled by itself: what was assembled before is not again."""
    return b"".join(machine_code(core, line) for line in lines)


def decoded(code: bytes, origin: int = ORIGIN) -> list[Instruction]:
    """The instructions of some code."""
    return list(_decoder.decode(code, origin))


def cost(core: Core, source: str, entry: Pipeline = EMPTY) -> BlockCost:
    """What a snippet costs as one block."""
    return model(core).cost(decoded(machine_code(core, source)), entry)
