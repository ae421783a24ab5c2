"""What every chip has because its core has it: system control, interrupt controller, SysTick, debug, identification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
from harness.deploy.target import Core

_CPUID, _MPU_TYPE, _MVFR0, _MVFR1 = 0xD00, 0xD90, 0xF40, 0xF44


@dataclass(frozen=True)
class CoreFacts:
    """Constants of a core: identification registers (Armv7-M ARM B4), cache sizes as CCSIDR has them."""

    values: Mapping[int, int]
    caches: tuple[int, int]
    breakpoint_revision: int
    dwt_locked: bool


CORES = {
    Core.CORTEX_M4: CoreFacts(
        {_CPUID: 0x410F_C241, _MPU_TYPE: 0x800, _MVFR0: 0x1011_0021, _MVFR1: 0x1100_0011}, (0, 0), 1, False
    ),
    # The STM32F746: r0p1, 4 KiB each of instruction cache (2 ways) and data cache (4 ways); CLIDR, CTR of the M7 TRM.
    Core.CORTEX_M7: CoreFacts(
        {
            _CPUID: 0x410F_C271,
            _MPU_TYPE: 0x800,
            _MVFR0: 0x1011_0021,
            _MVFR1: 0x1100_0011,
            0xD78: 0x0900_0003,
            0xD7C: 0x8303_C003,
        },
        (0xF003_E019, 0xF007_E009),
        2,
        True,
    ),
}


@dataclass(frozen=True)
class CoreParts:
    """The core's blocks of registers, and those of them that others work with."""

    debug: CoreDebug
    systick: SysTick
    system_control: SystemControl
    itm: Itm
    blocks: tuple[RegisterBlock, ...]


def build_core_parts(
    core: Core,
    engine: Engine,
    scheduler: Scheduler,
    exceptions: ExceptionModel,
    memory_timing: MemoryTiming,
    request_reset: Callable[[], None],
    part: int,
) -> CoreParts:
    """Put the core's blocks together; `part` is the microcontroller's number in its ROM table."""
    facts = CORES[core]
    debug = CoreDebug(engine, exceptions)
    systick = SysTick(engine, scheduler, exceptions)
    control = SystemControl(
        engine, exceptions, debug, request_reset, facts.values, facts.caches, CacheControl(memory_timing)
    )
    itm = Itm(debug.trace_enabled)
    blocks = (
        control,
        Nvic(engine, exceptions),
        Mpu(exceptions.protection),
        FloatContextRegisters(exceptions.floats, {0x10: facts.values[_MVFR0], 0x14: facts.values[_MVFR1]}),
        LazySaveWindow(exceptions.floats),
        debug,
        systick,
        Dwt(engine, debug.trace_enabled, locked=facts.dwt_locked),
        itm,
        BreakpointUnit(engine.watch, revision=facts.breakpoint_revision),
        *component_identities(),
        rom_table(part),
    )
    return CoreParts(debug, systick, control, itm, blocks)
