"""What holds for the cost of any block, on every core."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.board.virtual.timing.block import EMPTY
from harness.board.virtual.timing.instruction import Kind
from harness.deploy.target import Core
from tests.board.timing.assembly import decoded, line_by_line, model

M4, M7, M33 = Core.CORTEX_M4, Core.CORTEX_M7, Core.CORTEX_M33


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
