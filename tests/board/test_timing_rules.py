"""The timing rules, one by one: a snippet of assembly, and the cycles that it must take."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.virtual.native_state import (
    BEGINS_WITH_ACCESS,
    ENDS_IN_CONDITIONAL_BRANCH,
    ENDS_IN_INDIRECT_BRANCH,
    ENDS_IN_LOAD,
)
from harness.board.virtual.timing.block import block_flags
from harness.board.virtual.timing.cortex_m4 import CortexM4
from harness.board.virtual.timing.cortex_m7 import CortexM7
from harness.board.virtual.timing.instruction import Instruction, decode, disassembler
from harness.board.virtual.timing.parameters import CortexM4Timing, load_parameters
from harness.errors import ConfigError


@cache
def assemble(source: str) -> tuple[Instruction, ...]:
    """A block of instructions, separated by semicolons, at a word boundary."""
    with TemporaryDirectory() as directory:
        out, text = Path(directory, "a.o"), Path(directory, "a.bin")
        lines = "\n".join([".syntax unified", ".thumb", *source.split(";"), ""])
        flags = ["-march=armv7e-m+fp.dp", "-o", str(out), "-"]
        subprocess.run(["arm-none-eabi-as", *flags], input=lines, text=True, check=True)
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", "-j", ".text", str(out), str(text)], check=True)
        return tuple(decode(disassembler(), text.read_bytes(), 0x0800_0000))


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, r1, r2; muls r0, r3; smlad r4, r5, r6, r7", 3),
        # n adjacent loads take n + 1; a load that stands alone, 2.
        ("ldr r0, [r4]; adds r1, #1", 3),
        ("ldr r0, [r4]; ldr r1, [r4, #4]; ldr r2, [r4, #8]", 4),
        ("ldrsb r0, [r4], #1; ldrsb r1, [r4], #1", 3),
        ("ldr r0, [r4]; ldr r1, [r0]", 4),
        # Stores: the write buffer, register offsets, a load behind a store.
        ("str r0, [r4]; str r1, [r4, #4]", 2),
        ("str r0, [r4, r5]", 2),
        ("str r0, [r4]; ldr r1, [r4]", 4),
        ("ldr r1, [r4]; str r0, [r4]", 2),
        # The address comes from the instruction before.
        ("adds r4, #4; ldr r0, [r4]", 4),
        ("adds r5, #4; ldr r0, [r4]", 3),
        # Multiple transfers take 1 + n.
        ("ldmia r4!, {r0, r1, r2, r3}", 5),
        ("push {r4, r5, lr}", 4),
        ("ldrd r0, r1, [r4]", 3),
        ("vldmia r0, {s0-s3}", 5),
        # Floating point.
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 2),
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s0, s5", 3),
        ("vfma.f32 s0, s1, s2", 3),
        ("vdiv.f32 s0, s1, s2", 14),
        ("vldr s0, [r0]; vldr s1, [r0, #4]", 3),
        # IT folds into a 16-bit instruction before it, and only then.
        ("cmp r0, #0; it eq; moveq r1, #1", 2),
        ("cmp.w r8, #0; it eq; moveq r1, #1", 3),
        # After a multi-cycle instruction, wide code that lies across words starves the decoder.
        ("ldr r0, [r4]; add.w r8, r8, #1; adds r1, #1", 5),
        ("ldr.w r0, [r4]; add.w r8, r8, #1; adds r1, #1", 4),
        ("ldr r0, [r4]; add.w r8, r8, #1; add.w r9, r9, #1; add.w r10, r10, #1", 7),
        ("udiv r0, r1, r2", 6),
        ("b .", 1),
    ],
)
def test_cortex_m4(source: str, cycles: int) -> None:
    assert CortexM4().cost(assemble(source)).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, #1; adds r1, #1; adds r2, #1; adds r3, #1", 2),
        ("adds r0, #1; adds r1, r0, #1", 2),
        # Pairs that do not exist.
        ("muls r0, r1; muls r2, r3", 2),
        ("muls r0, r1; str r2, [r3]", 2),
        ("str r0, [r4]; str r1, [r4, #4]", 2),
        ("ldr r0, [r4]; str r1, [r4, #4]", 1),
        ("ldr r0, [r4]; ldr r1, [r4, #4]", 1),
        # Latency of loads, by width and by use.
        ("ldr r0, [r4]; adds r1, r0, #1", 2),
        ("ldrb r0, [r4]; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; muls r1, r0", 3),
        ("ldr r0, [r4]; ldr r1, [r0]", 3),
        # Accumulation is forwarded, other uses wait.
        ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0; smlad r0, r5, r6, r0", 3),
        ("mul r0, r1, r2; mul r3, r0, r4", 3),
        ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 4),
        ("vfma.f32 s0, s1, s2; vmul.f32 s3, s0, s4", 6),
        # Two words a cycle.
        ("ldmia r8!, {r0, r1, r2, r3}", 2),
        ("push {r4, r5, lr}", 2),
        ("it eq; moveq r1, #1", 1),
    ],
)
def test_cortex_m7(source: str, cycles: int) -> None:
    assert CortexM7().cost(assemble(source)).cycles == cycles


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        ("ldr r0, [r1]; beq .", BEGINS_WITH_ACCESS | ENDS_IN_CONDITIONAL_BRANCH),
        ("adds r0, #1; bx lr", ENDS_IN_INDIRECT_BRANCH),
        ("adds r0, #1; pop {r4, pc}", ENDS_IN_INDIRECT_BRANCH),
        ("adds r0, #1; ldr r1, [r2]", ENDS_IN_LOAD),
        ("adds r0, #1; bl .", 0),
    ],
)
def test_the_ends_of_a_block_are_told(source: str, flags: int) -> None:
    assert block_flags(assemble(source)) == flags


POOL = ("adds r0, #1", "ldr r1, [r4]", "str r2, [r4]", "muls r3, r5", "vadd.f32 s0, s1, s2", "push {r4, r5}", "nop")


@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=12))
def test_more_code_never_takes_less_time(lines: list[str]) -> None:
    for model in (CortexM4(), CortexM7()):
        costs = [model.cost(assemble(";".join(lines[:count]))).cycles for count in range(1, len(lines) + 1)]
        assert costs == sorted(costs)
        assert costs[-1] >= len(lines) / 2


def test_a_core_file_must_have_every_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.board.virtual.timing.parameters.CORES", tmp_path)
    (tmp_path / "partial.yaml").write_text("timing:\n  load: {cycles: 2}\n")
    with pytest.raises(ConfigError, match="barrier"):
        load_parameters("partial", CortexM4Timing)
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        load_parameters("absent", CortexM4Timing)
