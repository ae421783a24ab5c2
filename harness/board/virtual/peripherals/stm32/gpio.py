"""GPIO ports (RM0432 chapter 8, RM0385 6: the same in all families but the F1) that tell of the levels they drive."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.pins import Pins

_MODER, _IDR, _ODR, _BSRR, _BRR = 0x00, 0x10, 0x14, 0x18, 0x28
_LOW_BIT_OF_EACH_PIN = 0x5555_5555


class Gpio(RegisterBlock):
    """One port; inputs read high, as pulled up, until a level is put on them from outside."""

    def __init__(self, entry: PeripheralEntry, pins: Pins) -> None:
        """Option `mode`: the reset value of MODER, where it is not all analog."""
        super().__init__(entry.name, entry.origin, entry.size, {_MODER: int(entry.options.get("mode", 0xFFFF_FFFF))})
        self._pins = pins
        self._levels = 0
        self._inputs = 0xFFFF
        pins.add_port(entry.name, self._put)

    def reset(self) -> None:
        """All pins analog; what was driven high falls."""
        super().reset()
        self._drive()

    def read(self, offset: int) -> int:
        """Storage; IDR shows the driven levels, and those of inputs."""
        if offset == _IDR:
            outputs = self._outputs()
            return (self.stored(_ODR) & outputs) | (self._inputs & ~outputs)
        return 0 if offset in (_BSRR, _BRR) else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; BSRR and BRR change ODR."""
        output = self.stored(_ODR)
        if offset == _BSRR:
            super().write(_ODR, output & ~(value >> 16) | value & 0xFFFF)
        elif offset == _BRR:
            super().write(_ODR, output & ~value & 0xFFFF)
        elif offset != _IDR:
            super().write(offset, value)
        self._drive()

    def _put(self, pin: int, level: bool) -> None:
        self._inputs = self._inputs & ~(1 << pin) | level << pin

    def _outputs(self) -> int:
        mode = self.stored(_MODER)
        # One bit a pin, on even positions, where the mode is 0b01; then moved together.
        bits = mode & ~(mode >> 1) & _LOW_BIT_OF_EACH_PIN
        for shift, mask in ((1, 0x3333_3333), (2, 0x0F0F_0F0F), (4, 0x00FF_00FF), (8, 0x0000_FFFF)):
            bits = (bits | bits >> shift) & mask
        return bits

    def _drive(self) -> None:
        levels = self.stored(_ODR) & self._outputs()
        changed, self._levels = levels ^ self._levels, levels
        while changed:
            pin = (changed & -changed).bit_length() - 1
            changed &= changed - 1
            self._pins.driven(self.name, pin, bool(levels >> pin & 1))


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option `mode`: the reset value of MODER."""
    return Gpio(entry, connections.pins)
