"""What a board draws: supply currents of the core's states, and the laws by which they follow clock and voltage."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.value import Value


class Regulator(StrEnum):
    """What makes the core's voltage of the supply's."""

    LINEAR = "linear"
    """The supply current is the core's: the same at every supply voltage."""
    SWITCHING = "switching"
    """The supply power is the core's: the current falls as the supply voltage rises."""


class CoreState(StrEnum):
    """What the core does, as far as its current goes."""

    RUN = "run"
    SLEEP = "sleep"
    """Stopped by WFI or WFE: its clock stands still, those of the bus and of peripherals do not."""
    STOP = "stop"
    """The same with SLEEPDEEP set: nearly all clocks stand still."""


@dataclass(frozen=True)
class OperatingPoint(Value):
    """A supply current that somebody measured at a clock."""

    clock_hz: int
    current_a: float


@dataclass(frozen=True)
class Power(Value):
    """Supply figures of a board. Energy is voltage x current of the state x time.

    Attributes:
        voltage_v: at which the currents hold; what the board is supplied with unless the rack says otherwise.
        run: while the core executes from flash and never waits for memory; by rising clock.
        sleep: while it sleeps; by rising clock.
        stop_a: while it is stopped, ampere.
        stalled_share: of the run current, what a cycle draws in which the core waits for memory.
        ram_share: of the run current, what is drawn when the code lies in RAM.
        peripherals_a_per_hz: what a peripheral adds while it is clocked, by its name; ampere per hertz of core clock.
        calibration: how far the figures are from published measurements, and from which.
        sources: where each figure comes from, by the name of the figure.
    """

    voltage_v: float
    regulator: Regulator
    run: tuple[OperatingPoint, ...]
    sleep: tuple[OperatingPoint, ...]
    stop_a: float
    stalled_share: float = 1.0
    ram_share: float = 1.0
    peripherals_a_per_hz: Mapping[str, float] = field(default_factory=dict)
    calibration: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    def state_a(self, state: CoreState, clock_hz: int) -> float:
        """The supply current of a state in ampere, at `voltage_v`; of `RUN`, from flash and without stalls."""
        if state is CoreState.STOP:
            return self.stop_a
        return current_at(self.run if state is CoreState.RUN else self.sleep, clock_hz)

    def run_a(self, clock_hz: int, stalled: float = 0.0, from_ram: float = 0.0) -> float:
        """The mean supply current in ampere of code that runs, at `voltage_v`.

        Args:
            stalled: the share of cycles in which the core waits for memory, 0 to 1.
            from_ram: the share of cycles that execute code in RAM, 0 to 1.
        """
        memory = 1 - from_ram * (1 - self.ram_share)
        waiting = 1 - stalled * (1 - self.stalled_share)
        return self.state_a(CoreState.RUN, clock_hz) * memory * waiting

    def scale(self, supply_v: float) -> float:
        """What currents at `voltage_v` are multiplied with at another supply voltage."""
        return self.voltage_v / supply_v if self.regulator is Regulator.SWITCHING else 1.0


def current_at(points: Sequence[OperatingPoint], clock_hz: int) -> float:
    """The current in ampere at a clock: linear between two points, and in proportion to the clock beyond the outermost.

    Args:
        points: one or more, by rising clock.
    """
    index = bisect_left(points, clock_hz, key=lambda point: point.clock_hz)
    if index == 0 or index == len(points):
        nearest = points[min(index, len(points) - 1)]
        return nearest.current_a * (clock_hz / nearest.clock_hz if nearest.clock_hz else 1.0)
    below, above = points[index - 1], points[index]
    share = (clock_hz - below.clock_hz) / (above.clock_hz - below.clock_hz)
    return below.current_a + share * (above.current_a - below.current_a)
