"""Performance mode: how many inferences a second, by the board's own clock.

As the official runners measure it (github.com/eembc/energyrunner, github.com/mlcommons/tiny/benchmark/runner): for
each of five inputs one window of at least ten seconds and ten inferences, after a few to warm up; the result is the
median of the windows' throughputs.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.bench.mlperf.device import Answer, MlperfDevice
from harness.board.interfaces import EnergyAnalyzer
from harness.errors import ConfigError, FirmwareError
from harness.model.datasets.stimuli import Stimulus
from harness.value import Value

WINDOWS = 5
WARMUPS = 10
LEAST_SECONDS = 10.0
LEAST_ITERATIONS = 10

_TRIAL_US = 100_000
_MOST_ITERATIONS = 10**8
_MARGIN = 1.02
_SLOWER = 10.0
"""A run may take so much longer than the trials foretell before the firmware counts as hung."""


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        inputs: how many samples, with a window each.
        iterations: inferences in a window; None: as many as the rules ask for.
        timeout: seconds on the host's clock that the first inference may take.
    """

    inputs: int = WINDOWS
    iterations: int | None = None
    warmups: int = WARMUPS
    timeout: float = 120.0

    def __post_init__(self) -> None:
        if self.inputs < 1:
            raise ConfigError(f"{self.inputs} inputs: want 1 or more")
        if not (self.iterations is None or 0 < self.iterations <= _MOST_ITERATIONS):
            raise ConfigError(f"{self.iterations} iterations: want 1 to {_MOST_ITERATIONS:,}")
        if not 0 <= self.warmups <= _MOST_ITERATIONS:
            raise ConfigError(f"{self.warmups} inferences to warm up: want 0 to {_MOST_ITERATIONS:,}")


@dataclass(frozen=True)
class Window(Value):
    """One timed window.

    Attributes:
        file: the input's name.
        microseconds: by the board's clock.
        results: of the last inference.
        energy_j: of one inference, joule; None where it was not measured.
    """

    file: str
    iterations: int
    microseconds: int
    results: tuple[float, ...]
    energy_j: float | None = None

    @property
    def latency_s(self) -> float:
        """Of one inference, in the mean."""
        return self.microseconds * 1e-6 / self.iterations


@dataclass(frozen=True)
class Performance(Value):
    """All windows of a run."""

    windows: tuple[Window, ...]
    warmups: int

    @property
    def throughput(self) -> float:
        """Inferences per second: the median of the windows."""
        return statistics.median(1 / window.latency_s for window in self.windows)

    @property
    def latency_s(self) -> float:
        """Of one inference: of that median."""
        return 1 / self.throughput

    def shortcomings(self) -> list[str]:
        """In what the run is less than the rules ask for; empty when it is by the rules."""
        found = []
        if len(self.windows) != WINDOWS:
            found.append(f"{len(self.windows)} windows instead of {WINDOWS}")
        shortest = min(window.microseconds for window in self.windows) * 1e-6
        if shortest < LEAST_SECONDS:
            found.append(f"a window of {shortest:.3g} s, less than {LEAST_SECONDS:g} s")
        fewest = min(window.iterations for window in self.windows)
        if fewest < LEAST_ITERATIONS:
            found.append(f"a window of {fewest} inferences, less than {LEAST_ITERATIONS}")
        return found


def measure_performance(
    device: MlperfDevice,
    stimuli: Sequence[Stimulus],
    plan: Plan,
    analyzer: EnergyAnalyzer | None = None,
    on_window: Callable[[Window], None] | None = None,
) -> Performance:
    """One window for each of the first stimuli, on the first sample in it.

    Args:
        analyzer: sees the firmware's trigger pin, which ours raises for the length of a window.
        on_window: told each window as it is done.

    Raises:
        FirmwareError, ConsoleError: as `MlperfDevice`.
    """
    windows: list[Window] = []
    iterations, timeout = plan.iterations, plan.timeout
    for stimulus in stimuli[: plan.inputs]:
        device.load(next(stimulus.samples()))
        if not windows:
            latency_us, host_s = _try_out(device, plan.timeout)
            iterations = iterations or _by_the_rules(latency_us)
            timeout = max(plan.timeout, _SLOWER * host_s * (iterations + plan.warmups))
        assert iterations is not None
        windows.append(_window(device, stimulus.name, iterations, plan.warmups, timeout, analyzer))
        if on_window:
            on_window(windows[-1])
    return Performance(tuple(windows), plan.warmups)


def _try_out(device: MlperfDevice, timeout: float) -> tuple[float, float]:
    """What one inference takes: microseconds of the board's clock, and seconds of the host's.

    Clocks may be as coarse as a millisecond: so many inferences are timed together as take a hundred of those.
    """
    iterations = 1
    while True:
        began = time.monotonic()
        answer = device.infer(iterations, 0, timeout)
        if answer.microseconds >= _TRIAL_US:
            return answer.microseconds / iterations, (time.monotonic() - began) / iterations
        if iterations >= _MOST_ITERATIONS:
            raise FirmwareError(f"{iterations:,} inferences in {answer.microseconds} us: its clock does not run")
        iterations = _more(iterations, answer)


def _more(iterations: int, answer: Answer) -> int:
    """How many to try next: a little more than it seems to take, at most a hundred times as many."""
    wanted = math.ceil(1.5 * _TRIAL_US * iterations / max(answer.microseconds, 1))
    return min(max(wanted, 2 * iterations), 100 * iterations, _MOST_ITERATIONS)


def _by_the_rules(latency_us: float) -> int:
    return min(max(LEAST_ITERATIONS, math.ceil(_MARGIN * LEAST_SECONDS * 1e6 / latency_us)), _MOST_ITERATIONS)


def _window(
    device: MlperfDevice, name: str, iterations: int, warmups: int, timeout: float, analyzer: EnergyAnalyzer | None
) -> Window:
    if analyzer:
        analyzer.start()
    answer = device.infer(iterations, warmups, timeout)
    energies = analyzer.stop().window_energies_j() if analyzer else []
    energy = energies[0] / iterations if len(energies) == 1 else None
    if answer.microseconds == 0:
        raise FirmwareError(f"{iterations:,} inferences in no time: its clock is too coarse for so few (--iterations)")
    return Window(name, iterations, answer.microseconds, answer.results, energy)
