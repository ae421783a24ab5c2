"""A microcontroller: memories and peripherals of a board file's family, put together around one core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.board.spec import BoardSpec
from harness.board.virtual.bus import Bus
from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.host_line import HostLine
from harness.board.virtual.memory_interface import STM32F7, STM32L4, CacheControl
from harness.board.virtual.memory_map import map_memories
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.peripherals.breakpoints import BreakpointUnit
from harness.board.virtual.peripherals.core_debug import CoreDebug
from harness.board.virtual.peripherals.dwt import Dwt
from harness.board.virtual.peripherals.flash import (
    ACCESS_CONTROL,
    OPTIONS_STM32L4,
    FlashController,
    flash_stm32f7,
    flash_stm32l4,
)
from harness.board.virtual.peripherals.gpio import Gpio
from harness.board.virtual.peripherals.identification import component_identities, rom_table
from harness.board.virtual.peripherals.nvic import Nvic
from harness.board.virtual.peripherals.power_and_clocks import pwr_stm32f7, pwr_stm32l4, rcc_stm32f7, rcc_stm32l4
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.system_control import SystemControl
from harness.board.virtual.peripherals.systick import SysTick
from harness.board.virtual.peripherals.usart import Usart
from harness.board.virtual.timing.cortex_m4 import CortexM4
from harness.board.virtual.timing.cortex_m7 import CortexM7
from harness.deploy.target import Core
from harness.errors import ConfigError

_WINDOWS = ((0x4000_0000, 0x10_0000), (0x4800_0000, 0x10_0000), (0x5000_0000, 0x10_0000), (0xA000_0000, 0x1_0000))
_SYSTEM_WINDOW = (0xE000_0000, 0x10_0000)
_USARTS = {
    "stm32l4": {0x4000_8000: 70, 0x4001_3800: 37, 0x4000_4400: 38, 0x4000_4800: 39, 0x4000_4C00: 52, 0x4000_5000: 53},
    "stm32f7": {0x4000_4800: 39, 0x4001_1000: 37, 0x4000_4400: 38, 0x4000_4C00: 52, 0x4000_5000: 53, 0x4001_1400: 71},
}
_PORTS = {"stm32l4": (0x4800_0000, 9), "stm32f7": (0x4002_0000, 11)}
_CPUID, _MPU_TYPE, _MVFR0, _MVFR1 = 0xD00, 0xD90, 0xF40, 0xF44


@dataclass(frozen=True)
class _CoreFacts:
    """Constants of a core: identification registers (Armv7-M ARM B4), cache sizes as CCSIDR has them."""

    values: Mapping[int, int]
    caches: tuple[int, int]
    breakpoint_revision: int
    dwt_locked: bool


_CORES = {
    Core.CORTEX_M4: _CoreFacts(
        {_CPUID: 0x410F_C241, _MPU_TYPE: 0x800, _MVFR0: 0x1011_0021, _MVFR1: 0x1100_0011}, (0, 0), 1, False
    ),
    # The STM32F746: r0p1, 4 KiB each of instruction cache (2 ways) and data cache (4 ways); CLIDR, CTR of the M7 TRM.
    Core.CORTEX_M7: _CoreFacts(
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


@dataclass
class Chip:
    """All parts of a virtual microcontroller that the machine and the debug port work with."""

    engine: Engine
    bus: Bus
    exceptions: ExceptionModel
    debug: CoreDebug
    systick: SysTick
    flash: FlashController
    console: Usart
    memory_timing: MemoryTiming


def build_chip(
    spec: BoardSpec, line: HostLine, on_trigger: Callable[[bool], None], request_reset: Callable[[], None]
) -> Chip:
    """Put a chip together.

    Args:
        line: what the console UART is connected to.
        on_trigger: called when the trigger pin changes.
        request_reset: called when the firmware or a debugger asks for a system reset.

    Raises:
        ConfigError: the board file names a family, or a console UART, that no virtual board has.
    """
    family, target = spec.target.family, spec.target
    if family not in _USARTS:
        raise ConfigError(f"board {spec.name}: no virtual boards of family {family!r}; there are {', '.join(_USARTS)}")
    engine = Engine(target.core, CortexM4() if target.core is Core.CORTEX_M4 else CortexM7())
    flash, timing = _map_memories(engine, spec)
    line.keep_time(engine.clock.state)
    bus = Bus(engine, (*_WINDOWS, _SYSTEM_WINDOW), line.receiver)
    facts = _CORES[target.core]
    exceptions = ExceptionModel(engine, flash.origin)
    debug = CoreDebug(engine, exceptions)
    systick = SysTick(engine, exceptions)
    identities: list[RegisterBlock] = [*component_identities(), rom_table(_idcode(spec) & 0xFFF)]
    core: list[RegisterBlock] = [
        SystemControl(engine, exceptions, debug, request_reset, facts.values, facts.caches, CacheControl(timing)),
        Nvic(engine, exceptions),
        debug,
        systick,
        Dwt(engine, debug.trace_enabled, locked=facts.dwt_locked),
        BreakpointUnit(engine.watch, revision=facts.breakpoint_revision),
        RegisterBlock("DBGMCU", 0xE004_2000, values={0: _idcode(spec)}),
    ]
    controller = flash_stm32l4(engine, flash) if family == "stm32l4" else flash_stm32f7(engine, flash)
    access_control = STM32L4 if family == "stm32l4" else STM32F7

    def apply_access_control() -> None:
        access_control.apply(timing, controller.stored(ACCESS_CONTROL), controller.stored(OPTIONS_STM32L4))

    controller.on_access_control = apply_access_control
    power = (rcc_stm32l4(), pwr_stm32l4()) if family == "stm32l4" else (rcc_stm32f7(), pwr_stm32f7())
    console, usarts = _usarts(spec, line)
    for block in (*core, *identities, controller, *power, *usarts, *_ports(spec, on_trigger)):
        bus.add(block)
    exceptions.lines = lambda: _lines(usarts)
    return Chip(engine, bus, exceptions, debug, systick, controller, console, timing)


def _map_memories(engine: Engine, spec: BoardSpec) -> tuple[MappedMemory, MemoryTiming]:
    """Map the board file's memories, and what else the family has."""
    flash, timing = map_memories(engine, spec)
    if spec.target.family == "stm32l4":
        # The system memory holds the flash size in KiB.
        engine.map_memory(0x1FFF_7000, 0x1000, writable=False)
        engine.write(0x1FFF_75E0, (flash.size >> 10).to_bytes(2, "little"))
    else:
        engine.map_memory(0x1FF0_0000, 0x1_0000, writable=False)
        engine.write(0x1FF0_F442, (flash.size >> 10).to_bytes(2, "little"))
    return flash, timing


def _usarts(spec: BoardSpec, line: HostLine) -> tuple[Usart, list[Usart]]:
    known = _USARTS[spec.target.family]
    base = spec.target.defines.get("BOARD_CONSOLE_BASE", 0)
    if base not in known:
        raise ConfigError(
            f"board {spec.name}: BOARD_CONSOLE_BASE {base:#010x} is no UART of family {spec.target.family}"
        )
    usarts = {
        origin: Usart(f"USART@{origin:#x}", origin, 16 + number, line if origin == base else None)
        for origin, number in known.items()
    }
    return usarts[base], list(usarts.values())


def _ports(spec: BoardSpec, on_trigger: Callable[[bool], None]) -> list[Gpio]:
    origin, count = _PORTS[spec.target.family]
    trigger_port = spec.target.defines.get("BOARD_TRIGGER_PORT")
    trigger_pin = spec.target.defines.get("BOARD_TRIGGER_PIN")

    def on_level(pin: int, level: bool) -> None:
        if pin == trigger_pin:
            on_trigger(level)

    return [
        Gpio(f"GPIO{chr(ord('A') + index)}", origin + 0x400 * index, on_level if index == trigger_port else None)
        for index in range(count)
    ]


def _lines(usarts: list[Usart]) -> set[int]:
    return {number for usart in usarts if (number := usart.pending_interrupt()) is not None}


def _idcode(spec: BoardSpec) -> int:
    code = spec.simulation.get("idcode")
    if not isinstance(code, int):
        raise ConfigError(f"board {spec.name}: simulation.idcode must be a number (DBGMCU_IDCODE of the part)")
    return code
