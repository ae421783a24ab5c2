"""The timing rules, one by one: a snippet of assembly, and the cycles that it must take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.board.virtual.native_state import BEGINS_ACROSS_WORDS, ENDS_IN_CONDITIONAL_BRANCH, ENDS_IN_INDIRECT_BRANCH
from harness.board.virtual.timing.block import EMPTY, block_flags
from harness.board.virtual.timing.instruction import Kind
from harness.board.virtual.timing.parameters import CORES, CortexM4Timing, CortexM7Timing, load_parameters
from harness.deploy.target import Core
from harness.errors import ConfigError
from tests.board.timing.assembly import cost, decoded, line_by_line, machine_code, model

M0PLUS, M4, M7, M33 = Core.CORTEX_M0PLUS, Core.CORTEX_M4, Core.CORTEX_M7, Core.CORTEX_M33


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, r1, r2; movs r0, #1; muls r0, r3; uxtb r0, r0; cmp r0, #1", 5),
        ("ldr r0, [r4]", 2),
        ("ldr r0, [r4]; ldr r1, [r4, #4]", 4),
        ("strb r0, [r4]", 2),
        ("ldmia r4!, {r0, r1, r2}", 4),
        ("stmia r4!, {r0, r1, r2}", 4),
        ("push {r4, r5, lr}", 4),
        ("mrs r0, primask", 3),
        ("cpsid i", 1),
        ("dsb", 3),
        ("b .", 1),
    ],
)
def test_cortex_m0plus(source: str, cycles: int) -> None:
    assert cost(M0PLUS, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [("b .", 2), ("beq .", 2), ("bl .", 3), ("bx lr", 2), ("blx r0", 2), ("pop {r4, r5, pc}", 6), ("mov pc, r0", 2)],
)
def test_cortex_m0plus_taken_branches(source: str, cycles: int) -> None:
    assert cost(M0PLUS, source).cycles + cost(M0PLUS, source).taken == cycles


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
    assert cost(M4, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, #1; adds r1, #1; adds r2, #1; adds r3, #1", 2),
        # The early ALU delivers in the same cycle, but not to itself, and only from the older slot.
        ("adds r0, #1; adds r1, r0, #1", 1),
        ("movw r0, #1; movt r0, #2", 1),
        ("ands r0, r2; adds r1, r0, #1", 2),
        ("adds r0, #1; adds r0, #1; adds r0, #1; adds r0, #1", 3),
        ("nop; adds r0, #1; adds r1, r0, #1", 2),
        # Flags come from the late ALU.
        ("cmp r0, #1; it eq; moveq r1, #1", 2),
        ("it eq; moveq r1, #1", 1),
        # Pairs that do not exist.
        ("muls r0, r1; muls r2, r3", 2),
        ("muls r0, r1; str r2, [r3]", 2),
        ("str r2, [r3]; muls r0, r1", 2),
        ("str r0, [r4]; str r1, [r4, #4]", 2),
        ("ldr r0, [r4]; str r1, [r4, #4]", 1),
        ("uxtb r0, r1; uxtb r2, r3", 2),
        ("adds r4, #1; uxtb r0, r1", 2),
        ("uxtb r0, r1; adds r4, #1", 1),
        ("smlabb r0, r1, r2, r0; uxtb r4, r5", 2),
        ("uxtb r4, r5; smlabb r0, r1, r2, r0", 1),
        ("add.w r0, r1, r2, lsl #3; add.w r3, r4, r5, lsl #3", 2),
        ("add.w r0, r1, r2, lsl #3; eor r3, r4, #0x1fc0", 2),
        ("add.w r0, r1, r2, lsl #3; eor r3, r4, #0x1b001b", 1),
        ("lsls r0, r1, #3; add.w r3, r4, r5, lsl #3", 2),
        ("add.w r3, r4, r5, lsl #3; lsls r0, r1, #3", 1),
        # Two loads pair when they need different banks: even and odd words.
        ("ldr r0, [r4]; ldr r1, [r4, #4]", 1),
        ("ldr r0, [r4]; ldr r1, [r4, #8]", 2),
        ("ldr r0, [r4]; ldr r1, [r5]", 1),
        # Latency of loads, by width and by use.
        ("ldr r0, [r4]; adds r1, r0, #1", 2),
        ("ldrb r0, [r4]; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; muls r1, r0", 3),
        ("ldrsb r0, [r4, r5]; muls r1, r0", 3),
        ("ldrb r0, [r4]; mla r0, r1, r2, r0", 2),
        ("ldr r0, [r4]; ldr r1, [r0]", 3),
        ("ldrb r0, [r4]; ldr r1, [r5, r0]", 4),
        ("ldr r0, [r4]; add.w r1, r2, r0, lsl #2", 3),
        ("ldr r0, [r4]; str r0, [r5]", 1),
        ("uxtb r0, r1; ldr r2, [r3, r0]", 3),
        ("adds r0, #4; ldr r2, [r0]", 2),
        ("ldr r2, [r0], #4; ldr r3, [r0], #4", 2),
        # Accumulation is forwarded, other uses wait.
        ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0; smlad r0, r5, r6, r0", 3),
        ("smlal r0, r1, r2, r3; smlal r0, r1, r4, r5", 2),
        ("mul r0, r1, r2; mul r3, r0, r4", 3),
        ("mul r0, r1, r2; adds r3, r0, #1", 3),
        ("ssat r0, #8, r1; adds r3, r0, #1", 3),
        # Two words a cycle, alone.
        ("ldmia r8!, {r0, r1, r2, r3}", 2),
        ("push {r4, r5, lr}", 2),
        ("adds r0, #1; ldrd r2, r3, [r4]; adds r1, #1", 3),
    ],
)
def test_cortex_m7(source: str, cycles: int) -> None:
    assert cost(M7, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("vadd.f32 s0, s1, s2; vmul.f32 s3, s4, s5", 2),
        ("vadd.f32 s0, s1, s2; adds r0, #1", 1),
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s0, s4", 4),
        ("vadd.f32 s0, s1, s2; vstr s0, [r0]", 2),
        # To the accumulator, to a factor, to memory.
        ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 4),
        ("vfma.f32 s0, s1, s2; vmul.f32 s3, s0, s4", 6),
        ("vfma.f32 s0, s1, s2; vstr s0, [r0]", 4),
        ("vmla.f32 s0, s1, s2; vmla.f32 s0, s3, s4", 4),
        ("vmla.f32 s0, s1, s2; vmul.f32 s3, s0, s4", 7),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s1, s2; vfma.f32 s4, s1, s2; vfma.f32 s0, s1, s2", 4),
        ("vmla.f32 s0, s1, s2; vfma.f32 s3, s1, s2", 3),
        # In the window behind a multiply-accumulate: no addition, no multiple transfer, no transfer as the younger one.
        ("vfma.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 5),
        ("vfma.f32 s0, s1, s2; vldmia r0!, {s3}", 5),
        ("vfma.f32 s0, s1, s2; vldr s3, [r0]", 1),
        ("vfma.f32 s0, s1, s2; nop; adds r0, #1; vldr s3, [r1]", 3),
        ("vfma.f32 s0, s1, s2; nop; vldr s3, [r1]; adds r0, #1", 2),
        ("vfma.f32 s0, s1, s2; vfma.f32 s3, s1, s2; vldr s4, [r1]", 3),
        ("vldr s4, [r1]; vfma.f32 s0, s1, s2", 1),
        ("vfma.f32 s0, s1, s2; nop; vldr s4, [r1]; vfma.f32 s3, s1, s2", 3),
        # Loads: to an addend much later than to a factor.
        ("vldr s0, [r0]; vmul.f32 s1, s0, s2", 2),
        ("vldr s0, [r0]; vfma.f32 s1, s0, s2", 2),
        ("vldr s0, [r0]; vfma.f32 s0, s1, s2", 4),
        ("vldr s0, [r0]; vmla.f32 s0, s1, s2", 3),
        ("vldr s0, [r0]; vldr s1, [r0, #4]", 1),
        ("vldr d0, [r0]; adds r0, #1", 2),
        # Moves.
        ("vmov s0, r0; vadd.f32 s1, s0, s2", 4),
        ("vadd.f32 s0, s1, s2; vmov r0, s0; adds r0, #1", 5),
        ("vldr s0, [r0]; vmov r0, s0", 3),
        ("vmov s0, s1, r0, r1; nop", 2),
        ("vdiv.f32 s0, s1, s2", 16),
        ("vadd.f64 d0, d1, d2; nop", 3),
        ("vmul.f64 d0, d1, d2", 5),
    ],
)
def test_cortex_m7_floating_point(source: str, cycles: int) -> None:
    assert cost(M7, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        # The flags were set in the cycle before, or beside the branch, or three cycles before.
        ("cmp r0, #1; bne .", 8),
        ("cmp r0, #1; nop; nop; bne .", 8),
        ("cmp r0, #1; nop; nop; nop; nop; nop; bne .", 6),
        ("cbz r0, .+4", 8),
        ("bne .", 6),
        ("bx lr", 8),
    ],
)
def test_cortex_m7_mispredictions(source: str, cycles: int) -> None:
    assert cost(M7, source).mispredicted == cycles
    assert cost(M7, source).taken == 0


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        ("adds r0, #1; adds r1, r0, #1", 2),
        # Two-stage results.
        ("add.w r0, r1, r2, lsl #3; adds r3, r0, #1", 3),
        ("add.w r0, r1, r2, lsl #3; mla r4, r3, r5, r0", 2),
        ("uadd8 r0, r1, r2; adds r3, r0, #1", 3),
        ("pkhbt r0, r1, r2; mla r4, r3, r5, r0", 3),
        ("uxtab r0, r1, r2; uxtab r0, r0, r3", 2),
        ("uxtab r0, r1, r2; adds r3, r0, #1", 3),
        ("uxtb r0, r1; adds r3, r0, #1", 2),
        ("bfi r0, r1, #3, #4; adds r3, r0, #1", 2),
        ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0", 2),
        ("mul r0, r1, r2; adds r3, r0, #1", 3),
        ("mul r0, r1, r2; str r0, [r3]", 2),
        ("muls r0, r1, r0; adds r3, #1", 3),
        ("eors r0, r1, #0x1fc0; adds r3, #1", 3),
        # Loads and stores.
        ("ldr r0, [r4]; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; adds r1, #1; adds r1, r0, #1", 3),
        ("ldr r0, [r4]; mla r1, r2, r3, r0", 2),
        ("ldr r0, [r4]; uxtab r1, r0, r2", 3),
        ("ldr r0, [r4]; str r0, [r5]", 2),
        ("ldrd r0, r1, [r4]", 2),
        ("ldmia r4!, {r0, r1, r2, r3}", 4),
        ("push {r4, r5, lr}", 3),
        # What issues beside a 16-bit instruction.
        ("adds r0, #1; nop", 1),
        ("add.w r0, r0, #1; nop", 2),
        ("adds r0, #1; nop; nop", 2),
        ("cmp r0, #1; it eq; moveq r1, #2", 2),
        ("subs r0, #1; bne .", 1),
        ("subs.w r8, #1; bne .", 2),
        # Floating point.
        ("vldr s0, [r0]; vadd.f32 s1, s0, s2", 2),
        ("vadd.f32 s0, s1, s2; vadd.f32 s3, s4, s5", 2),
        ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 4),
        ("vfma.f32 s0, s1, s2; vldr s3, [r0]", 4),
        ("vfma.f32 s0, s1, s2; adds r0, #1; adds r0, #1; vfma.f32 s0, s3, s4", 4),
        # An operation runs ahead of its operand by a cycle, but the next one of the unit waits.
        ("vmul.f32 s0, s1, s2; vadd.f32 s3, s0, s4", 2),
        ("vmul.f32 s0, s1, s2; vadd.f32 s3, s0, s4; vadd.f32 s5, s6, s7", 4),
        ("vmul.f32 s0, s1, s2; vstr s0, [r0]", 3),
        ("vmul.f32 s0, s1, s2; vfma.f32 s0, s3, s4", 3),
        ("vmov r0, r1, s0, s1; adds r0, #1", 3),
        ("vmov s0, r0; vadd.f32 s1, s0, s2", 2),
    ],
)
def test_cortex_m33(source: str, cycles: int) -> None:
    assert cost(M33, source).cycles == cycles


@pytest.mark.parametrize(
    ("source", "cycles"),
    [
        # jnk0le: SUBS and BNE take 1 + 2, behind another 16-bit instruction the branch takes 1.
        ("subs r0, #1; bne .", 3),
        ("subs r0, #1; add r1, r2; bne .", 3),
        ("subs r0, #1; ldmia r6!, {r0-r3}; bne .", 6),
        ("subs.w r8, #1; bne .", 3),
        ("b .", 2),
        ("bl .", 2),
    ],
)
def test_cortex_m33_taken_branches(source: str, cycles: int) -> None:
    assert cost(M33, source).cycles + cost(M33, source).taken == cycles


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


POOL = (
    *("adds r0, #1", "adds r1, r0, #2", "ands r2, r0", "lsls r3, r1, #2", "add.w r5, r2, r3, lsl #1", "uxtb r0, r2"),
    *("ldr r1, [r4]", "ldr r2, [r4, #4]", "ldrb r3, [r4, r0]", "str r2, [r4]", "muls r3, r5", "mla r0, r1, r2, r0"),
    *("vadd.f32 s0, s1, s2", "vfma.f32 s0, s1, s2", "vldr s1, [r4]", "vstr s0, [r4]", "push {r4, r5}", "nop"),
)
WIDTH = {M4: 1, M7: 2, M33: 2}
blocks = st.lists(st.sampled_from(POOL), min_size=1, max_size=16)
cores_with_dsp = st.sampled_from((M4, M7, M33))


@settings(deadline=None)
@given(cores_with_dsp, blocks)
def test_more_code_never_takes_less_time(core: Core, lines: list[str]) -> None:
    block = decoded(line_by_line(core, lines))
    costs = [model(core).cost(block[:count]).cycles for count in range(1, len(block) + 1)]
    assert costs == sorted(costs)
    assert costs[-1] >= len(lines) / WIDTH[core]


@settings(deadline=None)
@given(cores_with_dsp, blocks)
def test_causes_account_for_every_cycle(core: Core, lines: list[str]) -> None:
    found = model(core).cost(decoded(line_by_line(core, lines)))
    assert sum(found.causes.values()) == found.cycles
    assert all(cycles > 0 for cycles in found.causes.values())


@settings(deadline=None)
@given(cores_with_dsp, blocks, st.data())
def test_cutting_a_block_in_two_changes_nothing(core: Core, lines: list[str], data: st.DataObject) -> None:
    """But for what is not followed from one block into the next: the M4's fetch queue, and which of the M7's
    banks a load needs."""
    block = decoded(line_by_line(core, lines))
    cut = data.draw(st.integers(0, len(block)))
    assume(not (core is M7 and {one.kind for one in block[cut - 1 : cut + 1]} <= {Kind.LOAD, Kind.FLOAT_LOAD}))
    whole, first = model(core).cost(block), model(core).cost(block[:cut])
    second = model(core).cost(block[cut:], first.exit)
    stalls = whole.causes.get("fetch alignment", 0)
    lost = stalls - first.causes.get("fetch alignment", 0) - second.causes.get("fetch alignment", 0)
    assert first.cycles + second.cycles == whole.cycles - lost
    assert second.exit == whole.exit


@settings(deadline=None)
@given(st.sampled_from(Core), st.binary(min_size=2, max_size=64))
def test_whatever_bytes_run_have_a_cost(core: Core, code: bytes) -> None:
    """Firmware may jump into its data."""
    block = decoded(code)
    assert sum(instruction.size for instruction in block) == len(code) // 2 * 2
    found = model(core).cost(block)
    again = model(core).cost(block, found.exit)
    for one in (found, again, model(core).cost(block, found.exit_taken)):
        assert sum(one.causes.values()) == one.cycles >= 0


@settings(deadline=None)
@given(cores_with_dsp, blocks)
def test_a_loop_settles(core: Core, lines: list[str]) -> None:
    """A block that follows itself finds, from some pass on, the pipeline that it found before, and costs the same."""
    block, entry, costs = decoded(line_by_line(core, lines)), EMPTY, []
    for _ in range(8):
        found = model(core).cost(block, entry)
        entry = found.exit
        costs.append(found.cycles)
    assert sum(costs[4:6]) == sum(costs[6:8])


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
