"""However short the stretches in which a timed core runs, its cycles are the same."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.virtual.block_clock import NEVER
from harness.deploy.target import Core
from tests.board.timing.bare_core import BareCore

FLASH = 0x0800_0000
# A bit of everything: calls, branches that change their mind, loads of several banks, divisions, floating point.
PROGRAM = """
    movs r6, #20
1:  bl 4f
    tst r6, #1; beq 2f
    ldr r0, [r4, r6, lsl #2]; ldrb r1, [r5], #1; muls r0, r1, r0
    vmov s0, r0; vfma.f32 s1, s0, s2; vldr s3, [r4]
2:  udiv r2, r3, r6; str r2, [r5]; ldr r0, [r5]
    ldmia r4, {r0, r1, r2}; adds r0, r1
    cmp r0, r2; it hi; movhi r0, #3
3:  subs r6, #1; bne 1b; b 5f
4:  push {r4, lr}; add r4, r4, #32; ldr r0, [r4]; pop {r4, pc}
5:
"""
CORES = (Core.CORTEX_M4, Core.CORTEX_M7, Core.CORTEX_M33)


@cache
def board(core: Core) -> BareCore:
    made = BareCore(core)
    made.memory.flash(wait_states=5, prefetch=True, instruction_cache=True, data_cache=True)
    made.memory.level1(instructions=True, data=True)
    made.place(PROGRAM.replace("\n", ";"), FLASH)
    return made


def cycles(core: Core, deadline: int) -> int:
    """Of the whole program, from empty caches and without branch history."""
    made = board(core)
    made.memory.empty()
    made.engine.clock.forget_branches()
    made.deadline = deadline
    return made.run(FLASH, r3=1_000_000, r4=FLASH + 0x2000)


@pytest.mark.parametrize("core", CORES)
def test_runs_repeat_exactly(core: Core) -> None:
    assert len({cycles(core, NEVER) for _ in range(3)}) == 1


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(CORES), st.integers(1, 400))
def test_slices_do_not_change_the_cycles(core: Core, deadline: int) -> None:
    assert cycles(core, deadline) == cycles(core, NEVER)
