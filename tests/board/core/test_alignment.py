"""Unaligned accesses cost the same whether or not their block has been translated for them yet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Cause, Fault
from harness.board.virtual.timing.cores import timing_model
from harness.deploy.target import Core

CODE, RAM = 0x0800_0000, 0x2000_0000
# adds r2, #1; ldr r0, [r1]; strh r0, [r1, #4]; it ne; ldrne r3, [r1]; subs r4, #1; bne; bkpt
_LOOP = bytes.fromhex("01320868888018bf0b68013cf8d100be")


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(Core.CORTEX_M4, timing_model(Core.CORTEX_M4))
    engine.map_memory(CODE, 0x1000, writable=False)
    engine.map_memory(RAM, 0x1000, writable=True)
    engine.write(CODE, _LOOP)
    return engine


def _run(engine: Engine, address: int, rounds: int, slice_cycles: int) -> int:
    """Cycles until the BKPT."""
    engine.state.registers[1], engine.state.registers[2], engine.state.registers[4] = address, 0, rounds
    engine.clock.jump(CODE)
    begun, pc = engine.clock.state.cycles, CODE
    while (event := engine.run(pc, engine.clock.state.cycles + slice_cycles)).cause is Cause.DEADLINE:
        pc = event.pc
    assert event.cause is Cause.BREAKPOINT
    assert engine.state.registers[2] == rounds
    return int(engine.clock.state.cycles - begun)


@settings(max_examples=30, deadline=None)
@given(offset=st.integers(0, 7), rounds=st.integers(1, 20), slice_cycles=st.integers(1, 100))
def test_the_first_time_costs_what_the_second_costs(
    engine: Engine, offset: int, rounds: int, slice_cycles: int
) -> None:
    aligned = _run(engine, RAM, rounds, 1 << 30)
    engine.forget_all_code()
    assert _run(engine, RAM + offset, rounds, 1 << 30) == aligned
    assert _run(engine, RAM + offset, rounds, slice_cycles) == aligned


def test_a_store_across_words_stores_its_bytes(engine: Engine) -> None:
    engine.write(RAM, bytes(range(16)))
    _run(engine, RAM + 1, 1, 1 << 30)
    assert engine.read(RAM, 8) == bytes((0, 1, 2, 3, 4, 1, 2, 7))


def test_while_the_trap_is_set_every_unaligned_access_faults(engine: Engine) -> None:
    _run(engine, RAM + 1, 2, 1 << 30)
    engine.trap_unaligned_accesses(True)
    engine.state.registers[1] = RAM + 1
    event = engine.run(CODE, 1 << 40)
    assert (event.fault, event.pc, event.address) == (Fault.UNALIGNED, CODE + 2, RAM + 1)
    engine.trap_unaligned_accesses(False)
    _run(engine, RAM + 1, 2, 1 << 30)
