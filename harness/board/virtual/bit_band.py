"""The bit-band aliases of the Cortex-M3 and M4 (Armv7-M ARM B3.1, M4 TRM 3.7): a word for each bit of a megabyte."""

from __future__ import annotations

from harness.board.virtual.bus import AccessError, Bus
from harness.board.virtual.engine import Engine
from harness.board.virtual.native_registers import Receiver

_REGIONS = ((0x2000_0000, 0x2200_0000), (0x4000_0000, 0x4200_0000))
_ALIAS_SIZE = 0x200_0000


def map_bit_bands(engine: Engine, bus: Bus, receiver: Receiver) -> None:
    """Map the aliases of SRAM and of the peripherals."""
    for origin, alias in _REGIONS:
        _map(engine, bus, receiver, origin, alias)


def _map(engine: Engine, bus: Bus, receiver: Receiver, origin: int, alias: int) -> None:
    def locate(address: int) -> tuple[int, int]:
        """The word that holds the bit, and its place in there."""
        bit = (address - alias) >> 2
        return origin + (bit >> 3 & ~3), bit & 31

    def read(address: int, _size: int) -> int:
        word, bit = locate(address)
        try:
            return bus.load(word, 4) >> bit & 1
        except AccessError:
            return 0

    def write(address: int, _size: int, value: int) -> None:
        word, bit = locate(address)
        try:
            bus.store(word, 4, bus.load(word, 4) & ~(1 << bit) | (value & 1) << bit)
        except AccessError:
            return

    engine.map_registers(alias, _ALIAS_SIZE, read, write, receiver)
