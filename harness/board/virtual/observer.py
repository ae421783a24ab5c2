"""Sees of a machine what its supply current depends on, and tells a recorder when that changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from harness.board.power import CoreState
from harness.board.spec import BoardSpec
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.family_file import load_family
from harness.board.virtual.machine import Machine
from harness.board.virtual.recorder import Recorder, Sight
from harness.errors import ConfigError

_SCR, _SLEEPDEEP = 0xE000_ED10, 1 << 2
_CLOCK_CONTROLLER = "RCC"


class Observer:
    """Watches one machine.

    Attributes:
        on_change: called when something may have changed.
    """

    def __init__(self, spec: BoardSpec, machine: Machine) -> None:
        """Watch the board's trigger and channels.

        Raises:
            ConfigError: the board file names a pin or a peripheral that its family does not have.
        """
        self.on_change: Callable[[], None] = lambda: None
        self._machine: Final = machine
        self._chip: Final = machine.chip
        self._channels = 0
        self._ram: Final = [index for index, bank in enumerate(spec.memory_timing.banks) if bank.writable]
        self._system_control: Final = self._chip.bus.block_at(_SCR)
        self._adders: Final = _adders(spec)
        machine.on_state = lambda _trigger, _asleep: self.on_change()
        self._chip.clocks.listen(lambda: None, lambda: self.on_change())
        for bit, (name, pin) in enumerate(spec.channels.items(), 1):
            if pin.port not in self._chip.pins.ports:
                known = ", ".join(self._chip.pins.ports)
                raise ConfigError(f"board {spec.name}: channels.{name}: there is no port {pin.port}; there are {known}")
            self._chip.pins.watch(pin.port, pin.number, partial(self._channel, bit))

    def look(self) -> Sight:
        """The machine now."""
        chip, state = self._chip, self._chip.engine.clock.state
        return Sight(
            cycle=int(state.cycles),
            clock_hz=chip.time.hz,
            state=self._state(),
            pins=self._channels | int(self._machine.trigger),
            stalled=int(state.stalled),
            from_ram=sum(int(state.regions[index].executed) for index in self._ram),
            added_a=self._added(),
        )

    def _state(self) -> CoreState:
        if not self._machine.asleep:
            return CoreState.RUN
        block = self._system_control
        deep = block is not None and block.stored(_SCR - block.origin) & _SLEEPDEEP
        return CoreState.STOP if deep else CoreState.SLEEP

    def _added(self) -> float:
        """What the peripherals draw whose clocks are enabled."""
        if not self._adders:
            return 0.0
        controller = self._chip.blocks[_CLOCK_CONTROLLER]
        clocked = (current for offset, bit, current in self._adders if controller.stored(offset) >> bit & 1)
        return sum(clocked) * self._chip.time.hz

    def _channel(self, bit: int, level: bool) -> None:
        self._channels = self._channels & ~(1 << bit) | level << bit
        self.on_change()


def record_machine(
    spec: BoardSpec, machine: Machine, current_input: CurrentInput, supply_v: float | None = None
) -> Recorder:
    """A recorder that is told of all that happens to a machine.

    Args:
        supply_v: None: at which the board's figures hold.
    """
    observer = Observer(spec, machine)
    recorder = Recorder(spec.power, machine.chip.time, observer.look, current_input, supply_v, tuple(spec.channels))
    observer.on_change = recorder.note
    return recorder


def _adders(spec: BoardSpec) -> list[tuple[int, int, float]]:
    """Offset and bit of the clock enable of each peripheral that the board file has a current of."""
    gates = {entry.name: entry.gate for entry in load_family(spec.target.family, spec.mcu).peripherals if entry.gate}
    found = []
    for name, current in spec.power.peripherals_a_per_hz.items():
        gate = gates.get(name)
        if gate is None:
            raise ConfigError(
                f"board {spec.name}: power.peripherals.{name}: family {spec.target.family} has no clock enable of that"
            )
        found.append((*gate, current))
    return found
