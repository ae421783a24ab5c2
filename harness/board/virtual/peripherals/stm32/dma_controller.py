"""What DMA controllers have in common: channels, each with registers, a transfer and an interrupt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.peripherals.stm32.dma_transfer import Transfer
from harness.board.virtual.serial_line import WaitLoop


class DmaController(RegisterBlock, ABC):
    """Interrupts of its entry: one a channel, in their order; several may share a number."""

    first_register: ClassVar[int]
    """Where the registers of the first channel begin."""
    stride: ClassVar[int]
    """From there to those of the next."""
    first_channel: ClassVar[int] = 0
    """The number by which requests know it."""

    def __init__(
        self, connections: Connections, entry: PeripheralEntry, count: int, values: Mapping[int, int] | None = None
    ) -> None:
        """Make so many channels; `values`: reset values by offset."""
        super().__init__(entry.name, entry.origin, entry.size, values)
        self._requests: Final = connections.dma
        self._scheduler: Final = connections.scheduler
        self._waits: Final = WaitLoop(connections.scheduler)
        self._lines: Final = [connections.interrupts.line(entry.interrupts[str(index)]) for index in range(count)]
        self._transfers: Final = [
            Transfer(connections, (entry.name, index + self.first_channel), partial(self._progress, index))
            for index in range(count)
        ]

    def reset(self) -> None:
        """All channels disabled."""
        super().reset()
        for index, transfer in enumerate(self._transfers):
            transfer.stop()
            self._drive(index)

    @abstractmethod
    def _progress(self, index: int, half: bool, done: bool, failed: bool) -> None:
        """A channel's transfer is half done, done, or has failed."""

    @abstractmethod
    def _drive(self, index: int) -> None:
        """Raise or lower a channel's interrupt."""

    def _look(self, offset: int) -> int:
        """A status register; a loop that waits for it to change is taken to when it may."""
        if self._waits.looks_again(self.stored(offset)):
            self._scheduler.skip_to(self._scheduler.next)
        return self.stored(offset)

    def _place(self, offset: int) -> tuple[int | None, int]:
        """The channel that a register belongs to, if any, and its offset among that one's."""
        index, register = divmod(offset - self.first_register, self.stride)
        return (index if 0 <= index < len(self._transfers) else None), register

    def _register(self, index: int, register: int) -> int:
        return self.first_register + self.stride * index + register
