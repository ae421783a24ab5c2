"""What every chip has because its core has it: system control, interrupt controller, SysTick, debug, identification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.board.virtual.core_facts import CORES, FLOAT_UNITS, cache_sizes
from harness.board.virtual.engine import Engine
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.memory_interface import CacheControl
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.peripherals.breakpoints import BreakpointUnit
from harness.board.virtual.peripherals.core_debug import CoreDebug
from harness.board.virtual.peripherals.dwt import Dwt
from harness.board.virtual.peripherals.float_context import FloatContextRegisters, LazySaveWindow
from harness.board.virtual.peripherals.identification import component_identities, rom_table
from harness.board.virtual.peripherals.itm import Itm
from harness.board.virtual.peripherals.mpu import Mpu
from harness.board.virtual.peripherals.nvic import Nvic
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.system_control import SystemControl
from harness.board.virtual.peripherals.systick import SysTick
from harness.board.virtual.scheduler import Scheduler
from harness.deploy.target import Target


@dataclass(frozen=True)
class CoreParts:
    """The core's blocks of registers, and the one of them that others work with."""

    debug: CoreDebug
    blocks: tuple[RegisterBlock, ...]


def build_core_parts(
    target: Target,
    engine: Engine,
    scheduler: Scheduler,
    exceptions: ExceptionModel,
    memory_timing: MemoryTiming,
    request_reset: Callable[[], None],
    part: int,
) -> CoreParts:
    """Put the core's blocks together; `part` is the microcontroller's number in its ROM table."""
    facts = CORES[target.core]
    engine.state.fit_float_unit(double_precision=target.fpu == "fpv5-d16")
    debug = CoreDebug(engine, exceptions)
    caches = cache_sizes(memory_timing.spec.level1)
    control = SystemControl(engine, exceptions, debug, request_reset, facts.values, caches, CacheControl(memory_timing))
    exceptions.protection.on_change = lambda: memory_timing.follow(exceptions.protection)
    blocks = (
        control,
        Nvic(engine, exceptions),
        Mpu(exceptions.protection),
        FloatContextRegisters(exceptions.floats, FLOAT_UNITS[target.fpu]),
        LazySaveWindow(exceptions.floats),
        debug,
        SysTick(engine, scheduler, exceptions),
        Dwt(engine, debug.trace_enabled, locked=facts.dwt_locked, counts=facts.cycle_counter),
        Itm(debug.trace_enabled),
        BreakpointUnit(engine.watch, revision=facts.breakpoint_revision),
        *component_identities(),
        rom_table(part),
    )
    return CoreParts(debug, blocks)
