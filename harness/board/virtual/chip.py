"""A microcontroller: a core, the memories of a board file, and the peripherals of its family's file, put together."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from harness.board.spec import BoardSpec
from harness.board.virtual.bit_band import map_bit_bands
from harness.board.virtual.bus import Bus
from harness.board.virtual.clock_tree import ClockTree
from harness.board.virtual.connections import Connections
from harness.board.virtual.core_parts import CoreParts, build_core_parts
from harness.board.virtual.dma_requests import DmaRequests
from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.event_channels import EventChannels
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.family import Family, PeripheralEntry
from harness.board.virtual.family_file import load_family
from harness.board.virtual.host_line import HostLine
from harness.board.virtual.interrupts import InterruptLines
from harness.board.virtual.memory_map import map_memories
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.native_state import ClockState
from harness.board.virtual.peripherals.core_debug import CoreDebug
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.pins import Pins
from harness.board.virtual.resets import ResetCause, Resets
from harness.board.virtual.scheduler import Scheduler
from harness.board.virtual.timing.cores import timing_model
from harness.board.virtual.unmodelled import RegisterNames, UnmodelledRegisters
from harness.board.virtual.virtual_time import VirtualTime
from harness.deploy.target import Core
from harness.errors import ConfigError

_SYSTEM_WINDOW = (0xE000_0000, 0x10_0000)
_CLOCK_CONTROLLER = "RCC"
_PERIPHERALS = "harness.board.virtual.peripherals"
_UNIQUE_ID = (0x0045_0030, 0x5656_5011, 0x2037_3357)
"""As ST makes them: position on the wafer, lot number in ASCII; the same for every virtual board."""


@dataclass(frozen=True)
class Chip:
    """All parts of a virtual microcontroller.

    Attributes:
        blocks: the family's peripherals, by name.
    """

    engine: Engine
    bus: Bus
    scheduler: Scheduler
    time: VirtualTime
    clocks: ClockTree
    exceptions: ExceptionModel
    interrupts: InterruptLines
    debug: CoreDebug
    line: HostLine
    pins: Pins
    resets: Resets
    memory_timing: MemoryTiming
    blocks: dict[str, RegisterBlock]


def build_chip(
    spec: BoardSpec, on_trigger: Callable[[bool], None], request_reset: Callable[[ResetCause], None]
) -> Chip:
    """Put a chip together.

    Args:
        on_trigger: called when the trigger pin changes.
        request_reset: called when the firmware, a debugger or a watchdog asks for a system reset.

    Raises:
        ConfigError: the board file names a family, or the family's file a type of peripheral, that there is none of.
    """
    family = load_family(spec.target.family, spec.mcu)
    connections = _connections(spec, family, request_reset)
    exceptions = _exceptions(connections)
    blocks = {entry.name: _build(connections, entry) for entry in family.peripherals}
    identity = _idcode(spec)
    core = build_core_parts(
        spec.target,
        connections.engine,
        connections.scheduler,
        exceptions,
        connections.memory_timing,
        lambda: request_reset(ResetCause.SOFTWARE),
        identity & 0xFFF,
    )
    _put_on_bus(connections, (*core.blocks, *blocks.values()), identity)
    _watch_gates(connections.bus, family, blocks)
    _watch_trigger(spec, connections.pins, on_trigger)
    return _chip(connections, exceptions, core, blocks)


def _connections(spec: BoardSpec, family: Family, request_reset: Callable[[ResetCause], None]) -> Connections:
    """What core and peripherals are connected to: memories, time, a bus that is still empty."""
    engine = Engine(spec.target.core, timing_model(spec.target.core))
    flash, memory_timing = map_memories(engine, spec)
    _map_fixed_memories(engine, family, flash)
    scheduler, time = Scheduler(engine.clock.state), VirtualTime(spec.target.clock_hz)
    clocks = ClockTree(scheduler, time)
    line = _line(engine, scheduler, time, clocks)
    return Connections(
        spec=spec,
        family=family,
        engine=engine,
        bus=_bus(spec, family, engine, scheduler, line),
        flash=flash,
        memory_timing=memory_timing,
        scheduler=scheduler,
        time=time,
        clocks=clocks,
        interrupts=InterruptLines(engine.interrupt),
        dma=DmaRequests(),
        channels=EventChannels(),
        pins=Pins(lambda: (scheduler.now, time.seconds(scheduler.now))),
        resets=Resets(request_reset),
        line=line,
    )


def _line(engine: Engine, scheduler: Scheduler, time: VirtualTime, clocks: ClockTree) -> HostLine:
    """The console's wire, told of every change of the clock."""
    cycles = ctypes.c_uint64.from_address(ctypes.addressof(engine.clock.state) + ClockState.cycles.offset)
    line = HostLine(scheduler, time, cycles)
    clocks.listen(line.note_clock, line.follow_clock)
    return line


def _bus(spec: BoardSpec, family: Family, engine: Engine, scheduler: Scheduler, line: HostLine) -> Bus:
    """The windows in which registers lie, and the bit bands over them."""
    unmodelled = UnmodelledRegisters(RegisterNames(family.svd, family.unmodelled))
    bus = Bus(engine, scheduler, (*family.windows, _SYSTEM_WINDOW), line.receiver, unmodelled)
    if spec.target.core is Core.CORTEX_M4:
        map_bit_bands(engine, bus, line.receiver)
    return bus


def _exceptions(connections: Connections) -> ExceptionModel:
    """The core's exceptions, raised by the peripherals' interrupt lines."""
    flash, family, interrupts = connections.flash, connections.family, connections.interrupts
    exceptions = ExceptionModel(connections.engine, flash.origin, family.priority_bits)
    exceptions.lines = lambda: interrupts.raised
    return exceptions


def _put_on_bus(connections: Connections, blocks: Iterable[RegisterBlock], identity: int) -> None:
    """Add the blocks, and the register in which debuggers look for the part's identity, where the family has one."""
    bus, address = connections.bus, connections.family.debug_id_at
    for block in blocks:
        bus.add(block)
    if address is not None:
        bus.add(RegisterBlock("DBGMCU", address & ~0x3FF, values={address & 0x3FF: identity}))


def _chip(
    connections: Connections, exceptions: ExceptionModel, core: CoreParts, blocks: dict[str, RegisterBlock]
) -> Chip:
    return Chip(
        engine=connections.engine,
        bus=connections.bus,
        scheduler=connections.scheduler,
        time=connections.time,
        clocks=connections.clocks,
        exceptions=exceptions,
        interrupts=connections.interrupts,
        debug=core.debug,
        line=connections.line,
        pins=connections.pins,
        resets=connections.resets,
        memory_timing=connections.memory_timing,
        blocks=blocks,
    )


def _build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Make a peripheral with the `build` function of its type's module."""
    module = f"{_PERIPHERALS}.{entry.type}"
    try:
        known = find_spec(module) is not None
    except ModuleNotFoundError:
        known = False
    if not known:
        raise ConfigError(f"family {connections.family.name}: {entry.name}: there is no peripheral type {entry.type!r}")
    block: RegisterBlock = import_module(module).build(connections, entry)
    return block


def _map_fixed_memories(engine: Engine, family: Family, flash: MappedMemory) -> None:
    """Map what every chip of the family has beside the board file's memories: system memory, option bytes."""
    for memory in family.memories:
        engine.map_memory(memory.origin, memory.size, writable=memory.writable)
        for address, word in memory.words.items():
            engine.write(address, word.to_bytes(4, "little"))
    if family.flash_size_at is not None:
        engine.write(family.flash_size_at, (flash.size >> 10).to_bytes(2, "little"))
    if family.unique_id_at is not None:
        engine.write(family.unique_id_at, b"".join(word.to_bytes(4, "little") for word in _UNIQUE_ID))


def _watch_gates(bus: Bus, family: Family, blocks: dict[str, RegisterBlock]) -> None:
    """Have the bus tell of writes to peripherals whose clock is off."""
    controller = blocks.get(_CLOCK_CONTROLLER)
    for entry in family.peripherals:
        if controller and entry.gate:
            offset, bit = entry.gate
            bus.gate(blocks[entry.name], partial(_is_set, controller, offset, bit))


def _is_set(block: RegisterBlock, offset: int, bit: int) -> bool:
    return bool(block.stored(offset) >> bit & 1)


def _watch_trigger(spec: BoardSpec, pins: Pins, on_trigger: Callable[[bool], None]) -> None:
    port, pin = (spec.target.defines.get(f"BOARD_TRIGGER_{what}") for what in ("PORT", "PIN"))
    if port is not None and pin is not None:
        if port >= len(pins.ports):
            raise ConfigError(
                f"board {spec.name}: BOARD_TRIGGER_PORT {port}: there are ports 0 to {len(pins.ports) - 1}"
            )
        pins.watch(pins.ports[port], pin, on_trigger)


def _idcode(spec: BoardSpec) -> int:
    code = spec.simulation.get("idcode")
    if not isinstance(code, int):
        raise ConfigError(f"board {spec.name}: simulation.idcode must be a number (DBGMCU_IDCODE of the part)")
    return code
