"""What the clock controllers of all STM32 families have in common; each family's own logic is in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from harness.board.virtual.clock_tree import CORE
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.resets import ResetCause

LSI_HZ = 32_000


@dataclass(frozen=True)
class Oscillator:
    """An enable bit, and the ready bit that follows it at once if there is something to start.

    Attributes:
        clock: its name in the clock tree; where the board gives it no frequency it never becomes ready.
    """

    register: int
    enable: int
    ready: int
    clock: str


def ahb_divider(code: int) -> int:
    """HPRE, four bits."""
    return 1 if code < 8 else (2, 4, 8, 16, 64, 128, 256, 512)[code - 8]


def apb_divider(code: int) -> int:
    """PPRE, three bits."""
    return 1 if code < 4 else 2 << (code - 4)


def timer_hz(bus_hz: int, divider: int) -> int:
    """The kernel clock of timers: that of their bus, doubled where the bus is divided."""
    return bus_hz if divider == 1 else 2 * bus_hz


class Rcc(RegisterBlock):
    """Storage whose ready bits follow the enables, and that sets the clock tree.

    Options: `kernel_clocks`, for each clock `{register, bit, width, from: [clock, ...]}`.
    """

    oscillators: tuple[Oscillator, ...] = ()
    switch: tuple[int, int, int, int]
    """SYSCLK's selection: register, bit of SW, bit of SWS, width."""
    backup_register: int
    """BDCR: survives a system reset."""
    cause_register: int
    """CSR, with the flags of resets."""
    cause_flags: ClassVar[Mapping[ResetCause, int]] = {
        ResetCause.OPTION_BYTES: 25,
        ResetCause.POWER_ON: 27,
        ResetCause.SOFTWARE: 28,
        ResetCause.INDEPENDENT_WATCHDOG: 29,
        ResetCause.WINDOW_WATCHDOG: 30,
    }
    """Bits of that register; these, and the two below, are those of the L4, G0 and U5."""
    pin_flag: int = 26
    """Set by every reset, for each pulls the reset pin."""
    clear_flag: int = 23
    """RMVF."""

    def __init__(self, connections: Connections, entry: PeripheralEntry, values: Mapping[int, int]) -> None:
        """Make the registers; `values`: reset values by offset."""
        super().__init__(entry.name, entry.origin, entry.size, values)
        self.board: Final = connections.spec.clocks
        self._tree: Final = connections.clocks
        self._kernel: Final = dict(entry.options.get("kernel_clocks", {}))
        self._causes = 0
        self.source = 0
        """What SYSCLK comes from, as SWS has it."""
        connections.resets.listen(self._note_cause)

    def sources(self) -> dict[str, int]:
        """Frequencies of oscillators and PLL outputs that firmware can switch on, on or not, in Hz by name."""
        raise NotImplementedError

    def system_sources(self) -> tuple[str, ...]:
        """What SW selects among, by its value."""
        raise NotImplementedError

    def buses(self, sysclk: int) -> dict[str, int]:
        """Core, bus and timer clocks for a SYSCLK."""
        raise NotImplementedError

    def reset(self) -> None:
        """The reset clock; the backup domain stays as it was."""
        backup = self.stored(self.backup_register)
        super().reset()
        super().write(self.backup_register, backup)
        self.source = self.stored(self.switch[0]) >> self.switch[1] & (1 << self.switch[3]) - 1
        self._update()

    def read(self, offset: int) -> int:
        """Storage, with ready bits, SWS and reset flags filled in."""
        value = self.stored(offset)
        ready = self._ready()
        for one in self.oscillators:
            if one.register == offset:
                value = value & ~(1 << one.ready) | (one in ready) << one.ready
        if offset == self.switch[0]:
            mask = (1 << self.switch[3]) - 1
            value = value & ~(mask << self.switch[2]) | self.source << self.switch[2]
        if offset == self.cause_register:
            value |= self._causes
        return value

    def write(self, offset: int, value: int) -> None:
        """Storage; the clocks follow at once."""
        if offset == self.cause_register and value >> self.clear_flag & 1:
            self._causes = 0
            value &= ~(1 << self.clear_flag)
        super().write(offset, value)
        self._update()

    def _note_cause(self, cause: ResetCause) -> None:
        self._causes |= 1 << self.pin_flag
        if cause in self.cause_flags:
            self._causes |= 1 << self.cause_flags[cause]

    def _ready(self) -> tuple[Oscillator, ...]:
        sources = self.sources()
        return tuple(
            one for one in self.oscillators if self.stored(one.register) >> one.enable & 1 and sources.get(one.clock)
        )

    def _update(self) -> None:
        """Compute all clocks, and tell the tree."""
        sources = self.sources()
        register, wanted_bit, _, width = self.switch
        names = self.system_sources()
        ready = {one.clock for one in self._ready()}
        switchable = {one.clock for one in self.oscillators}
        wanted = self.stored(register) >> wanted_bit & (1 << width) - 1
        if wanted < len(names) and (names[wanted] in ready or names[wanted] not in switchable):
            self.source = wanted
        running = {name: hz for name, hz in sources.items() if name in ready or name not in switchable}
        sysclk = sources.get(names[self.source], 0) or next(iter(sources.values()))
        # The independent watchdog starts its oscillator by itself.
        clocks = {**running, "iwdg": LSI_HZ, "sysclk": sysclk, **self.buses(sysclk)}
        for name, choice in self._kernel.items():
            index = self.stored(choice["register"]) >> choice["bit"] & (1 << choice["width"]) - 1
            chosen = choice["from"][index] if index < len(choice["from"]) else ""
            clocks[name] = clocks.get(chosen, 0)
        clocks[CORE] = max(clocks[CORE], 1)
        self._tree.update(clocks)
