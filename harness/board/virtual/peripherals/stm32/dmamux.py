"""The DMA request multiplexer (RM0432 chapter 13): which peripheral each DMA channel serves."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock

_REQUEST_MASK = 0xFF


class DmaMux(RegisterBlock):
    """CxCR selects; synchronisation and request generators are storage."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Option `outputs`: the channels behind it in order, each as [controller, number]."""
        super().__init__(entry.name, entry.origin, entry.size)
        self._requests: Final = connections.dma
        self._outputs = [(str(name), int(number)) for name, number in entry.options["outputs"]]

    def reset(self) -> None:
        """Nothing is selected."""
        super().reset()
        for output in self._outputs:
            self._requests.route(output, 0)

    def write(self, offset: int, value: int) -> None:
        """Storage; a channel's register leads it the request of that number."""
        super().write(offset, value)
        if offset // 4 < len(self._outputs):
            self._requests.route(self._outputs[offset // 4], value & _REQUEST_MASK)


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option: `outputs`."""
    return DmaMux(connections, entry)
