"""A board file (`lab/boards/*.yaml`) as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.board.power import Power
from harness.deploy.target import Target
from harness.value import Value


@dataclass(frozen=True)
class Debug(Value):
    """How pyOCD knows the part.

    Attributes:
        silicon_target: pyOCD's name of the real part (needs the vendor's CMSIS pack where pyOCD has none built in).
        virtual_target: the pyOCD target whose flash algorithm the virtual board runs; never used on silicon.
    """

    silicon_target: str
    virtual_target: str


class Path(StrEnum):
    """How the core reaches a memory."""

    DIRECT = "direct"
    """Without wait states: tightly coupled memory, or SRAM on the core's own bus."""
    ACCELERATOR = "accelerator"
    """Flash behind the accelerator that the maker put between it and the core."""
    LEVEL1 = "level1"
    """On the system bus, through the core's level 1 caches."""


@dataclass(frozen=True)
class MemoryBank(Value):
    """A piece of memory with a bus port of its own, in bytes.

    Attributes:
        wait_states: of a read, in core cycles; None: as the flash interface's register says.
        alias_of: origin of the memory whose bytes show here once more.
    """

    name: str
    origin: int
    size: int
    path: Path
    writable: bool
    wait_states: int | None = 0
    alias_of: int | None = None


@dataclass(frozen=True)
class CacheGeometry(Value):
    """Bytes, and in how many ways; 0 ways: fully associative."""

    size: int
    ways: int


@dataclass(frozen=True)
class Accelerator(Value):
    """The memory between flash and core.

    Attributes:
        line: bytes that one read of the flash array gives; `dual_bank_line` in dual-bank mode, where that is less.
        unified: `instructions` holds data, too.
        refill_cycles: what a line takes beside the wait states, core cycles.
    """

    line: int
    dual_bank_line: int
    instructions: CacheGeometry
    data: CacheGeometry
    unified: bool
    refill_cycles: int = 0


@dataclass(frozen=True)
class Level1(Value):
    """The core's own caches.

    Attributes:
        bus_cycles: what a line takes beside the wait states of the memory behind it, core cycles.
    """

    line: int
    instructions: CacheGeometry
    data: CacheGeometry
    bus_cycles: int


@dataclass(frozen=True)
class MemoryTimingSpec(Value):
    """What lies between the core and its memories."""

    banks: tuple[MemoryBank, ...]
    accelerator: Accelerator | None
    level1: Level1 | None


@dataclass(frozen=True)
class Pin(Value):
    """A pin of the microcontroller: the port as the family's file names it, and the number within."""

    port: str
    number: int


@dataclass(frozen=True)
class BoardSpec(Value):
    """A kind of board.

    Attributes:
        title, mcu: for people.
        target: what the compiler and linker need.
        clocks: the oscillators and clock inputs on the board in Hz, by name: for STM32 `hse_hz` and `lse_hz`; what is
            not soldered is not named, and never becomes ready.
        channels: pins that an energy analyzer records beside the trigger, by the name of the channel.
        memory_timing: banks, caches and wait states, for the virtual board.
        simulation: figures that only the virtual board uses (idcode, flash controller, ...), see `board/virtual`.
        sources: where the file's figures come from.
        sha256: of the board file.
    """

    name: str
    title: str
    mcu: str
    target: Target
    power: Power
    debug: Debug
    clocks: Mapping[str, int]
    channels: Mapping[str, Pin]
    memory_timing: MemoryTimingSpec
    simulation: Mapping[str, int | str]
    sources: tuple[str, ...]
    sha256: str
