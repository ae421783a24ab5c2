"""What timing models tell of a block beside its cycles, and the files that their figures come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.board.virtual.native_state import BEGINS_ACROSS_WORDS, ENDS_IN_CONDITIONAL_BRANCH, ENDS_IN_INDIRECT_BRANCH
from harness.board.virtual.timing.block import block_flags
from harness.board.virtual.timing.parameters import CORES, CortexM4Timing, CortexM7Timing, load_parameters
from harness.deploy.target import Core
from harness.errors import ConfigError
from tests.board.timing.assembly import cost, decoded, machine_code

M0PLUS, M4, M7, M33 = Core.CORTEX_M0PLUS, Core.CORTEX_M4, Core.CORTEX_M7, Core.CORTEX_M33


@pytest.mark.parametrize(
    ("core", "first", "second", "extra"),
    [
        # A load pipelines with the next access, a store delays it, an address is needed early.
        (M4, "ldr r0, [r4]", "ldr r1, [r4, #4]", -1),
        (M4, "ldr r4, [r4]", "ldr r1, [r4, #4]", 0),
        (M4, "str r0, [r4]", "ldr r1, [r4, #4]", 1),
        (M4, "adds r4, #4", "ldr r1, [r4]", 1),
        # Half an issue slot, a latency, a window.
        (M7, "adds r0, #1", "adds r1, #1", -1),
        (M7, "adds r0, #1; adds r2, #1", "adds r1, #1", 0),
        (M7, "adds r0, #1", "adds r1, #1; adds r2, #1", 0),
        (M7, "ldr r0, [r4]; nop", "muls r1, r0", 1),
        (M7, "vfma.f32 s0, s1, s2; nop", "vfma.f32 s0, s3, s4", 2),
        (M7, "vfma.f32 s0, s1, s2; nop", "vadd.f32 s5, s3, s4", 3),
        (M33, "ldr r0, [r4]", "adds r1, r0, #1", 1),
        (M33, "adds r0, #1", "it eq; moveq r1, #1", -1),
        (M33, "vfma.f32 s0, s1, s2", "vldr s3, [r0]", 2),
        (M0PLUS, "ldr r0, [r4]", "ldr r1, [r4, #4]", 0),
    ],
)
def test_a_block_feels_the_one_before(core: Core, first: str, second: str, extra: int) -> None:
    found = cost(core, first).exit
    assert cost(core, second, found).cycles == cost(core, second).cycles + extra


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        ("ldr r0, [r1]; beq .", ENDS_IN_CONDITIONAL_BRANCH),
        ("cbz r0, .+4", ENDS_IN_CONDITIONAL_BRANCH),
        ("it eq; beq .", ENDS_IN_CONDITIONAL_BRANCH),
        ("adds r0, #1; bx lr", ENDS_IN_INDIRECT_BRANCH),
        ("adds r0, #1; pop {r4, pc}", ENDS_IN_INDIRECT_BRANCH),
        ("tbb [pc, r0]", ENDS_IN_INDIRECT_BRANCH),
        ("adds r0, #1; bl .", 0),
        ("adds r0, #1", 0),
        ("add.w r0, #1", 0),
    ],
)
def test_the_ends_of_a_block_are_told(source: str, flags: int) -> None:
    assert block_flags(decoded(machine_code(M4, source))) == flags


def test_a_block_that_begins_across_words_is_told() -> None:
    assert block_flags(decoded(machine_code(M4, "add.w r0, #1"), origin=0x0800_0002)) == BEGINS_ACROSS_WORDS


def test_a_core_file_must_have_every_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.board.virtual.timing.parameters.CORES", tmp_path)
    (tmp_path / "partial.yaml").write_text("timing:\n  load: {cycles: 2}\n")
    with pytest.raises(ConfigError, match="barrier"):
        load_parameters("partial", CortexM4Timing)
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        load_parameters("absent", CortexM4Timing)


def test_a_row_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = (CORES / "cortex-m7.yaml").read_text()
    monkeypatch.setattr("harness.board.virtual.timing.parameters.CORES", tmp_path)
    odd = re.sub(r"product: \{cycles: \[[^]]*\]", "product: {cycles: 3", shipped)
    (tmp_path / "odd.yaml").write_text(odd)
    with pytest.raises(ConfigError, match="product"):
        load_parameters("odd", CortexM7Timing)
