"""The current that a virtual board draws: voltage x I(state) x time, sampled as an energy analyzer would."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from harness.board.spec import Power
from harness.board.trace import EnergyTrace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Mark:
    """From this cycle on, the trigger and the state are these."""

    cycle: int
    trigger: bool
    asleep: bool


class Recorder:
    """Notes every change of trigger and power state while it records.

    The core draws `run_a` while it executes, polling included, and `sleep_a` from WFI to the interrupt that ends it.
    """

    def __init__(self, power: Power, clock_hz: int, sample_rate_hz: float) -> None:
        """Record in the time of a clock."""
        self._power: Final = power
        self._clock_hz: Final = clock_hz
        self._sample_rate_hz: Final = sample_rate_hz
        self._marks: list[_Mark] = []
        self._recording = False

    def start(self, cycle: int, trigger: bool, asleep: bool) -> None:
        """Begin anew."""
        self._marks = [_Mark(cycle, trigger, asleep)]
        self._recording = True

    def note(self, cycle: int, trigger: bool, asleep: bool) -> None:
        """Take a change of state."""
        if not self._recording:
            return
        last = self._marks[-1]
        if (last.trigger, last.asleep) != (trigger, asleep):
            self._marks.append(_Mark(cycle, trigger, asleep))

    def stop(self, cycle: int) -> EnergyTrace:
        """End the recording and sample it.

        The sampling clock restarts at each edge of the trigger, and a sample that an edge cuts short carries the charge
        of its shorter time: the energy of a window is exactly its charge times the voltage, and does not depend on when
        the recording began.
        """
        import numpy as np

        self._recording = False
        spans = [self._sample(span) for span in self._spans(cycle)]
        return EnergyTrace(
            sample_rate_hz=self._sample_rate_hz,
            current_a=np.concatenate([np.zeros(0), *spans]),
            voltage_v=self._power.voltage_v,
            trigger=np.repeat(
                np.array([span[0].trigger for span in self._spans(cycle)], np.bool_), [len(span) for span in spans]
            ),
        )

    def _spans(self, end: int) -> list[list[_Mark]]:
        """The recording cut at the edges of the trigger; each part ends with the mark that begins the next."""
        marks = [*self._marks, _Mark(end, not self._marks[-1].trigger, False)] if self._marks else []
        edges = [index for index, mark in enumerate(marks) if index == 0 or mark.trigger != marks[index - 1].trigger]
        return [marks[first : last + 1] for first, last in pairwise(edges)]

    def _sample(self, span: list[_Mark]) -> NDArray[np.float64]:
        """Mean currents of one span, over sampling periods counted from its begin."""
        import numpy as np

        times = np.array([mark.cycle - span[0].cycle for mark in span]) / self._clock_hz
        currents = np.array([self._power.sleep_a if mark.asleep else self._power.run_a for mark in span[:-1]])
        charge = np.concatenate([[0.0], np.cumsum(currents * np.diff(times))])
        count = int(np.ceil(times[-1] * self._sample_rate_hz))
        bounds = np.minimum(np.arange(count + 1) / self._sample_rate_hz, times[-1])
        means: NDArray[np.float64] = np.diff(np.interp(bounds, times, charge)) * self._sample_rate_hz
        return means
