"""A chip on its own, for tests that write its registers as a debugger does."""

from __future__ import annotations

from dataclasses import dataclass

from harness.board.board_file import load_board
from harness.board.virtual.machine import Machine


@dataclass(frozen=True)
class Registers:
    """The registers and clocks of one board's chip, after a reset, with nothing running."""

    machine: Machine

    @classmethod
    def of(cls, board: str) -> Registers:
        machine = Machine(load_board(board))
        machine.reset()
        return cls(machine)

    def write(self, address: int, value: int) -> None:
        self.machine.chip.bus.write(address, value.to_bytes(4, "little"))

    def read(self, address: int) -> int:
        return int.from_bytes(self.machine.chip.bus.read(address, 4), "little")

    def set_bits(self, address: int, mask: int) -> None:
        self.write(address, self.read(address) | mask)

    def hz(self, clock: str) -> int:
        return self.machine.chip.clocks.hz(clock)
