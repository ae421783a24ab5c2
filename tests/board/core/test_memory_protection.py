"""The memory protection unit: what is enforced is what its registers say, and caches learn what memory is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Cause, Fault
from harness.board.virtual.memory_protection import MemoryAttributes, MemoryProtection
from harness.board.virtual.native_registers import Receiver
from harness.board.virtual.timing.cores import timing_model
from harness.deploy.target import Core

RAM, RAM_BYTES, CODE = 0x2000_0000, 0x4000, 0x0800_0000
LOAD, STORE = CODE + 0x100, CODE + 0x102
_ENABLE, _BACKGROUND = 1, 4


@dataclass
class _Unit:
    """An engine whose memory protection is on."""

    engine: Engine
    protection: MemoryProtection

    @classmethod
    def make(cls, core: Core) -> _Unit:
        engine = Engine(core, timing_model(core))
        engine.map_memory(CODE, 0x1000, writable=False)
        engine.map_memory(RAM, RAM_BYTES, writable=True)
        # ldr r0, [r1]; str r0, [r1]
        engine.write(LOAD, bytes.fromhex("08680860fee7"))
        engine.state.reset(RAM + RAM_BYTES)
        return cls(engine, MemoryProtection(engine.state, v8=core is Core.CORTEX_M33))

    def allows(self, address: int, *, write: bool, privileged: bool) -> bool:
        """Whether an access by code goes through."""
        state = self.engine.state
        state.registers[1] = address
        state.set_control(0 if privileged else 1)
        state.refresh()
        event = self.engine.step(STORE if write else LOAD)
        if event.cause is Cause.FAULT:
            assert (event.fault, event.address) == (Fault.DATA_ACCESS, address)
        return event.cause is not Cause.FAULT


@pytest.fixture(scope="module")
def units() -> dict[Core, _Unit]:
    return {core: _Unit.make(core) for core in (Core.CORTEX_M4, Core.CORTEX_M33)}


@st.composite
def _regions_v7(draw: st.DrawFn) -> list[tuple[int, int]]:
    """RBAR and RASR of up to four regions; user code may run from the last."""
    regions = []
    for _ in range(draw(st.integers(0, 4))):
        bits = draw(st.integers(5, 13))
        base = RAM + (draw(st.integers(0, RAM_BYTES - 1)) >> bits << bits)
        access, subregions = draw(st.sampled_from((0, 1, 2, 3, 5, 6))), draw(st.sampled_from((0, 0, 1, 0x80, 0x5A)))
        regions.append((base, access << 24 | subregions << 8 | bits - 1 << 1 | 1))
    return [*regions, (CODE, 6 << 24 | 11 << 1 | 1)]


@st.composite
def _regions_v8(draw: st.DrawFn) -> list[tuple[int, int]]:
    """RBAR and RLAR of regions that may touch, but not overlap."""
    edges = sorted(draw(st.sets(st.integers(0, RAM_BYTES // 32 - 1), max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    regions = [
        (RAM + 32 * first | draw(st.integers(0, 3)) << 1, RAM + 32 * last | 1) for first, last in pairs if first <= last
    ]
    return [*regions, (CODE | 3 << 1, CODE + 0xFE0 | 1)]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), core=st.sampled_from((Core.CORTEX_M4, Core.CORTEX_M33)), background=st.booleans())
def test_what_is_enforced_is_what_the_registers_say(
    units: dict[Core, _Unit], data: st.DataObject, core: Core, background: bool
) -> None:
    unit = units[core]
    regions = data.draw(_regions_v8() if core is Core.CORTEX_M33 else _regions_v7())
    unit.protection.reset()
    for number, (base, size) in enumerate(regions):
        unit.protection.set_region(number, base, size)
    unit.protection.set_control(_ENABLE | (_BACKGROUND if background else 0))
    edges = [base & ~0x1F for base, _ in regions[:-1]] + [RAM + 32 * data.draw(st.integers(1, RAM_BYTES // 32 - 1))]
    for edge in edges:
        for address in (edge - 4, edge, edge + 28):
            if not RAM <= address < RAM + RAM_BYTES:
                continue
            for write, privileged in ((False, False), (False, True), (True, False), (True, True)):
                said = unit.protection.allows(address, write=write, privileged=privileged)
                assert unit.allows(address, write=write, privileged=privileged) == said, (
                    hex(address),
                    write,
                    privileged,
                )


_NO_CODE = {Core.CORTEX_M4: (RAM, 1 << 28 | 3 << 24 | 11 << 1 | 1), Core.CORTEX_M33: (RAM | 1, RAM + 0xFE0 | 1)}


@pytest.mark.parametrize("core", _NO_CODE)
def test_memory_without_code_may_change_while_code_runs(core: Core) -> None:
    """As a peripheral changes it, from within an access to its registers."""
    unit = _Unit.make(core)

    def read(_address: int, _size: int) -> int:
        unit.engine.write(RAM, b"\x2a")
        return 0

    unit.engine.map_registers(0x4000_0000, 0x1000, read, lambda _address, _size, _value: None, Receiver())
    unit.protection.set_region(0, *_NO_CODE[core])
    unit.protection.set_control(_ENABLE | _BACKGROUND)
    unit.engine.state.registers[1] = 0x4000_0000
    # ldr r2, [r1]; b .
    unit.engine.write(CODE, bytes.fromhex("0a68fee7"))
    event = unit.engine.run(CODE, 100)
    assert event.cause is not Cause.FAULT
    assert unit.engine.read(RAM, 1) == b"\x2a"


def test_a_unit_that_is_off_allows_everything(units: dict[Core, _Unit]) -> None:
    unit = units[Core.CORTEX_M4]
    unit.protection.reset()
    unit.protection.set_region(0, RAM, 0 << 24 | 12 << 1 | 1)
    assert unit.allows(RAM, write=True, privileged=False)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (0x0800_0000, MemoryAttributes(cacheable=True)),
        (0x2000_0000, MemoryAttributes(cacheable=True, write_back=True, write_allocate=True)),
        (0x4000_0000, MemoryAttributes(device=True, shareable=True)),
        (0x6000_0000, MemoryAttributes(cacheable=True, write_back=True, write_allocate=True)),
        (0xE000_E000, MemoryAttributes(device=True, shareable=True)),
    ],
)
def test_without_regions_memory_is_what_the_architecture_says(address: int, expected: MemoryAttributes) -> None:
    assert MemoryProtection(None, v8=False).memory_attributes(address) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (0b000_0_00, MemoryAttributes(device=True, shareable=True)),
        (0b000_0_10, MemoryAttributes(cacheable=True)),
        (0b000_1_11, MemoryAttributes(cacheable=True, write_back=True, shareable=True)),
        (0b001_0_00, MemoryAttributes()),
        (0b001_0_11, MemoryAttributes(cacheable=True, write_back=True, write_allocate=True)),
        (0b010_0_00, MemoryAttributes(device=True, shareable=True)),
        (0b101_0_10, MemoryAttributes(cacheable=True)),
        (0b100_1_00, MemoryAttributes(shareable=True)),
    ],
)
def test_a_region_makes_memory_something_else(attributes: int, expected: MemoryAttributes) -> None:
    told: list[bool] = []
    protection = MemoryProtection(None, v8=False)
    protection.on_change = lambda: told.append(protection.enabled)
    protection.set_region(0, RAM, attributes << 16 | 12 << 1 | 1)
    protection.set_control(_ENABLE | _BACKGROUND)
    assert told == [False, True]
    assert protection.memory_attributes(RAM + 0x1FFF) == expected
    assert protection.memory_attributes(RAM + 0x2000).write_back


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        (0x00, MemoryAttributes(device=True, shareable=True)),
        (0x44, MemoryAttributes()),
        (0xAA, MemoryAttributes(cacheable=True)),
        (0xFF, MemoryAttributes(cacheable=True, write_back=True, write_allocate=True)),
        (0xEE, MemoryAttributes(cacheable=True, write_back=True)),
    ],
)
def test_a_region_of_armv8_takes_its_attributes_from_a_table(attribute: int, expected: MemoryAttributes) -> None:
    protection = MemoryProtection(None, v8=True)
    protection.set_attributes(1, attribute << 8)
    protection.set_region(3, RAM, RAM + 0xFE0 | 5 << 1 | 1)
    protection.set_control(_ENABLE | _BACKGROUND)
    assert protection.memory_attributes(RAM) == expected
