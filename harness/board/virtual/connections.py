"""What a peripheral can be connected to on its chip."""

from __future__ import annotations

from dataclasses import dataclass

from harness.board.spec import BoardSpec
from harness.board.virtual.bus import Bus
from harness.board.virtual.clock_tree import ClockTree
from harness.board.virtual.dma_requests import DmaRequests
from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.event_channels import EventChannels
from harness.board.virtual.family import Family
from harness.board.virtual.host_line import HostLine
from harness.board.virtual.interrupts import InterruptLines
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.pins import Pins
from harness.board.virtual.resets import Resets
from harness.board.virtual.scheduler import Scheduler
from harness.board.virtual.virtual_time import VirtualTime


@dataclass(frozen=True)
class Connections:
    """Handed to the `build` function of every peripheral type.

    Attributes:
        flash: the memory that firmware is linked to.
        memory_timing: told what flash and cache registers say.
        line: the wire of the console.
    """

    spec: BoardSpec
    family: Family
    engine: Engine
    bus: Bus
    flash: MappedMemory
    memory_timing: MemoryTiming
    scheduler: Scheduler
    time: VirtualTime
    clocks: ClockTree
    interrupts: InterruptLines
    dma: DmaRequests
    channels: EventChannels
    pins: Pins
    resets: Resets
    line: HostLine
