"""The current that a virtual board draws: I(state, clock, memory) over time, sampled as an energy analyzer would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from harness.board.power import CoreState, Power
from harness.board.trace import EnergyTrace
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.virtual_time import VirtualTime
from harness.errors import InfrastructureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_SIGHTS, _MOST_SAMPLES = 1 << 19, 1 << 26
"""Of one recording: firmware that toggles a pin for ever must not eat the host's memory."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be seen of a machine at a cycle, as far as its current goes.

    Attributes:
        pins: level of the trigger (bit 0) and of the further channels.
        stalled, from_ram: cycles by now in which the core waited for memory, and in which it ran code in RAM.
        added_a: what peripherals draw beside the core.
    """

    cycle: int
    clock_hz: int
    state: CoreState
    pins: int
    stalled: int = 0
    from_ram: int = 0
    added_a: float = 0.0

    @property
    def trigger(self) -> bool:
        """The level of the trigger pin."""
        return bool(self.pins & 1)

    def same_draw(self, other: Sight) -> bool:
        """Nothing changed that would make a new part of the recording."""
        mine = (self.clock_hz, self.state, self.pins, self.added_a)
        return mine == (other.clock_hz, other.state, other.pins, other.added_a)


class Recorder:
    """Notes every change of pins, power state and clock while it records.

    Between two changes the current is the mean of the time between: it says how much of it was spent waiting for
    memory, but not when.
    """

    def __init__(
        self,
        power: Power,
        time: VirtualTime,
        look: Callable[[], Sight],
        input_stage: CurrentInput | None = None,
        supply_v: float | None = None,
        channels: Sequence[str] = (),
    ) -> None:
        """Record in virtual time.

        Args:
            look: the machine now.
            input_stage: the analyzer's; None: exact, at its default rate.
            supply_v: None: at which the board's figures hold.
            channels: names of the bits of `Sight.pins` from bit 1 on.
        """
        self._power: Final = power
        self._time: Final = time
        self._look: Final = look
        self._input: Final = input_stage or CurrentInput()
        self._supply_v: Final = supply_v or power.voltage_v
        self._channels: Final = tuple(channels)
        self._sights: list[Sight] = []
        self._recording = False
        self._recordings = 0

    def start(self) -> None:
        """Begin anew."""
        self._sights = [self._look()]
        self._recording = True
        self._recordings += 1

    def note(self) -> None:
        """Something may have changed."""
        if self._recording and len(self._sights) < _MOST_SIGHTS:
            sight = self._look()
            if not sight.same_draw(self._sights[-1]):
                self._sights.append(sight)

    def stop(self) -> EnergyTrace:
        """End the recording and sample it.

        The sampling clock restarts at each edge of the trigger, and a sample that an edge cuts short carries the charge
        of its shorter time: the energy of a window is exactly its charge times the voltage, and does not depend on when
        the recording began.

        Raises:
            InfrastructureError: it is too long to be kept.
        """
        import numpy as np

        self._recording = False
        sights, self._sights = self._sights, []
        end = self._look()
        if sights:
            self._check_length(sights, end)
        spans = _cut(sights, end)
        sampled = [self._sample(span, number) for number, span in enumerate(spans)]
        empty = np.zeros(0), np.zeros(0, np.uint32)
        currents, pins = (np.concatenate(parts) for parts in zip(empty, *sampled, strict=True))
        return EnergyTrace(
            sample_rate_hz=self._input.sample_rate_hz,
            current_a=currents,
            voltage_v=self._supply_v,
            trigger=pins & 1 != 0,
            channels={name: pins >> bit & 1 != 0 for bit, name in enumerate(self._channels, 1)},
        )

    def _check_length(self, sights: Sequence[Sight], end: Sight) -> None:
        samples = self._time.between(sights[0].cycle, end.cycle) * self._input.sample_rate_hz
        if samples > _MOST_SAMPLES:
            raise InfrastructureError(
                f"a recording of {samples:,.0f} samples: record for a shorter time, or lower sample_rate_hz in the rack"
            )
        if len(sights) >= _MOST_SIGHTS:
            raise InfrastructureError(f"pins and power states changed {len(sights):,} times: record for a shorter time")

    def _sample(self, span: list[Sight], number: int) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
        """Mean currents and pins of one span, over sampling periods counted from its begin."""
        import numpy as np

        times = np.array([self._time.between(span[0].cycle, sight.cycle) for sight in span])
        currents = np.array([self._current(sight, after) for sight, after in pairwise(span)])
        charge = np.concatenate([[0.0], np.cumsum(currents * np.diff(times))])
        rate = self._input.sample_rate_hz
        count = int(np.ceil(times[-1] * rate))
        bounds = np.minimum(np.arange(count + 1) / rate, times[-1])
        means = np.diff(np.interp(bounds, times, charge)) * rate
        begins = np.searchsorted(times, bounds[:-1], "right") - 1
        pins = np.array([sight.pins for sight in span], np.uint32)[begins]
        return self._input.read(means, self._recordings, number), pins

    def _current(self, sight: Sight, after: Sight) -> float:
        """The mean current from one sight to the next."""
        if sight.state is CoreState.RUN:
            cycles = max(after.cycle - sight.cycle, 1)
            stalled, from_ram = after.stalled - sight.stalled, after.from_ram - sight.from_ram
            core = self._power.run_a(sight.clock_hz, min(stalled / cycles, 1.0), min(from_ram / cycles, 1.0))
        else:
            core = self._power.state_a(sight.state, sight.clock_hz)
        return (core + sight.added_a) * self._power.scale(self._supply_v)


def _cut(sights: list[Sight], end: Sight) -> list[list[Sight]]:
    """The recording cut at the edges of the trigger; each part ends with the sight that begins the next."""
    if not sights:
        return []
    edges = [index for index, sight in enumerate(sights) if index and sight.trigger != sights[index - 1].trigger]
    closed = [*sights, end]
    return [closed[first : last + 1] for first, last in pairwise([0, *edges, len(sights)])]
