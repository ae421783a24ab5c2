"""Stores to RAM are fast and still never leave stale code behind, whoever stores and whatever the pages were before."""

from __future__ import annotations

import ctypes
import random
import struct
import time

import pytest

from harness.board.spec import MemoryBank, MemoryTimingSpec, Path
from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Cause, Fault
from harness.board.virtual.memory_timing import MappedBank, MemoryTiming
from harness.board.virtual.timing.cores import timing_model
from harness.deploy.target import Core
from tests.board.timing.assembly import machine_code

FLASH, RAM, SIZE = 0x0800_0000, 0x2000_0000, 0x2_0000
STORE, CALL, LOOP = FLASH, FLASH + 0x20, FLASH + 0x40
# Two functions within a page, and one in another.
PLACES = (RAM + 0x100, RAM + 0x180, RAM + 0x8000)
MOVE_TO_R0, RETURN = 0x2000, 0x4770
ENABLE_WITH_BACKGROUND = 0b101


class Bench:
    """A core with three routines in flash: store a word, call a function in RAM, store many words."""

    def __init__(self, core: Core = Core.CORTEX_M4) -> None:
        self.engine = Engine(core, timing_model(core))
        flash = self.engine.map_memory(FLASH, SIZE, writable=False)
        # Code that is not indexed would be decoded each time.
        bank = MemoryBank("flash", FLASH, SIZE, Path.DIRECT, writable=False)
        pointer = ctypes.addressof(ctypes.c_char.from_buffer(flash.buffer))
        mapped = MappedBank(bank, pointer, self.engine.clock.index_code(FLASH, SIZE))
        self.timing = MemoryTiming(MemoryTimingSpec((bank,), None, None), self.engine.clock.state, [mapped])
        self.engine.map_memory(RAM, SIZE, writable=True)
        for place, source in (
            (STORE, "str r2, [r1]; wfi"),
            (CALL, "blx r1; wfi"),
            (LOOP, "again: str r2, [r1]; str r2, [r1, #4]; subs r2, #1; bne again; wfi"),
        ):
            self.engine.write(place, machine_code(Core.CORTEX_M0PLUS, source))
        self.engine.state.reset(RAM + SIZE)

    def run(self, routine: int, r1: int, r2: int = 0) -> int:
        """Run a routine to its end; R0."""
        registers = self.engine.state.registers
        registers[1], registers[2] = r1, r2
        event = self.engine.run(routine, 2**63)
        assert event.cause is Cause.WAIT, event
        return int(registers[0])


class Walk:
    """A core that stores code and data, calls the code, and is disturbed, in random order."""

    def __init__(self, seed: int) -> None:
        self._pick = random.Random(seed)
        self._bench = Bench()
        self._stored: dict[int, int] = {}

    def step(self) -> None:
        """One of what the methods below do."""
        kinds = (self.patch, self.call, self.store_data, self.debug, self.change_privileges, self.look_up_anew)
        self._pick.choices((*kinds, self.protect, self.reset), (6, 8, 4, 1, 5, 2, 2, 3))[0]()

    def patch(self) -> None:
        """The core stores a function that returns a number."""
        place = self._pick.choice(PLACES)
        self._stored[place] = self._pick.randrange(256)
        self._bench.run(STORE, place, RETURN << 16 | MOVE_TO_R0 | self._stored[place])

    def debug(self) -> None:
        """A debugger does."""
        place = self._pick.choice(PLACES)
        self._stored[place] = self._pick.randrange(256)
        self._bench.engine.write(place, struct.pack("<HH", MOVE_TO_R0 | self._stored[place], RETURN))

    def call(self) -> None:
        """What was stored last is what runs."""
        for place, value in self._stored.items():
            assert self._bench.run(CALL, place | 1) == value

    def store_data(self) -> None:
        """A word beside the functions."""
        self._bench.run(STORE, self._pick.choice(PLACES) + 0x20, 0xFFFF_FFFF)

    def change_privileges(self) -> None:
        """Unicorn has a table of pages for each."""
        state = self._bench.engine.state
        state.system.control[0] ^= 1
        state.refresh()

    def look_up_anew(self) -> None:
        """As when pages push each other out of the table."""
        self._bench.engine.state.protect(0)

    def protect(self) -> None:
        """A memory protection unit is switched on for a while; unprivileged code has no rights then."""
        state = self._bench.engine.state
        state.system.control[0] = 0
        state.refresh()
        state.protect(ENABLE_WITH_BACKGROUND)
        for _ in range(5):
            self._pick.choice((self.patch, self.call, self.store_data))()
        state.protect(0)

    def reset(self) -> None:
        """All RAM counts as data again."""
        self._bench.engine.forget_all_code()


@pytest.mark.parametrize("seed", range(4))
def test_a_call_always_finds_the_code_that_was_stored_last(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(2000):
        walk.step()


def test_unprivileged_stores_are_seen_in_pages_that_were_data_to_them() -> None:
    bench = Bench()
    state = bench.engine.state

    def store(value: int, *, unprivileged: bool) -> None:
        state.system.control[0] = int(unprivileged)
        state.refresh()
        for place in PLACES[:2]:
            bench.run(STORE, place, RETURN << 16 | MOVE_TO_R0 | value)
        state.system.control[0] = 0
        state.refresh()

    store(1, unprivileged=True)
    assert [bench.run(CALL, place | 1) for place in PLACES[:2]] == [1, 1]
    store(2, unprivileged=True)
    assert [bench.run(CALL, place | 1) for place in PLACES[:2]] == [2, 2]


@pytest.mark.parametrize("core", list(Core))
def test_stores_to_ram_are_as_fast_as_other_instructions(core: Core) -> None:
    bench = Bench(core)
    bench.run(LOOP, RAM + 0x4000, 1000)
    began = time.process_time()
    bench.run(LOOP, RAM + 0x4000, 3_000_000)
    # 12 million instructions: 0.05 s, or 0.25 s where each store looks for translated code.
    assert time.process_time() - began < 0.15


@pytest.mark.parametrize("address", [0x4000_0000, 0xE000_E000, 0xA000_0000])
def test_code_where_none_may_be_is_a_fault_of_the_memory_map(address: int) -> None:
    engine = Bench().engine
    engine.map_memory(0x4000_0000, 0x1000, writable=True)
    engine.state.registers[1] = address | 1
    event = engine.run(CALL, 2**63)
    assert (event.cause, event.fault, event.pc) == (Cause.FAULT, Fault.EXECUTE_NEVER, address)


def test_code_where_nothing_is_is_a_bus_fault() -> None:
    engine = Bench().engine
    engine.state.registers[1] = 0x6000_0001
    event = engine.run(CALL, 2**63)
    assert (event.cause, event.fault) == (Cause.FAULT, Fault.INSTRUCTION_BUS)


def test_an_access_beyond_ram_is_a_data_fault_with_its_address() -> None:
    engine = Bench().engine
    for address in (RAM + SIZE, RAM - 4, 0x7000_0000):
        engine.state.registers[1] = address
        event = engine.run(STORE, 2**63)
        assert (event.cause, event.fault, event.address) == (Cause.FAULT, Fault.DATA_BUS, address)
