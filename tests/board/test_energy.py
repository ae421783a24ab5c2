"""The current model: energy is voltage x current x time, exactly, in every window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.power import CoreState, OperatingPoint, Power, Regulator, current_at
from harness.board.trace import EnergyTrace
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.recorder import Recorder, Sight
from harness.board.virtual.virtual_time import VirtualTime
from harness.errors import InfrastructureError

CLOCK = 120_000_000
POWER = Power(
    voltage_v=3.0,
    regulator=Regulator.LINEAR,
    run=(OperatingPoint(40_000_000, 0.010), OperatingPoint(CLOCK, 0.025)),
    sleep=(OperatingPoint(CLOCK, 0.005),),
    stop_a=2e-6,
    stalled_share=0.5,
    ram_share=0.8,
)


@dataclass(frozen=True)
class Part:
    """Some cycles in which nothing changes; shares in per cent of them."""

    cycles: int
    trigger: bool = False
    state: CoreState = CoreState.RUN
    stalled: int = 0
    from_ram: int = 0

    @property
    def energy(self) -> float:
        current = POWER.state_a(self.state, CLOCK)
        if self.state is CoreState.RUN:
            stalled, from_ram = (share * self.cycles // 100 / self.cycles for share in (self.stalled, self.from_ram))
            current *= (1 - 0.5 * stalled) * (1 - 0.2 * from_ram)
        return POWER.voltage_v * current * self.cycles / CLOCK


parts_strategy = st.lists(
    st.builds(
        Part,
        st.integers(1, 3_000_000),
        st.booleans(),
        st.sampled_from(CoreState),
        st.integers(0, 100),
        st.integers(0, 100),
    ),
    min_size=1,
    max_size=12,
)


class Scene:
    """A machine that goes through some parts, and what records it."""

    def __init__(
        self, input_stage: CurrentInput | None = None, power: Power = POWER, supply_v: float | None = None
    ) -> None:
        self._sight = Sight(0, CLOCK, CoreState.RUN, 0)
        self.recorder = Recorder(power, VirtualTime(CLOCK), lambda: self._sight, input_stage, supply_v)

    def record(self, parts: Sequence[Part], start: int = 0) -> EnergyTrace:
        begins = list(self._sights(parts, start))
        self._sight = begins[0]
        self.recorder.start()
        for sight in begins[1:]:
            self._sight = sight
            self.recorder.note()
        return self.recorder.stop()

    def _sights(self, parts: Sequence[Part], start: int) -> Iterator[Sight]:
        cycle, stalled, from_ram = start, 0, 0
        for part in parts:
            yield Sight(cycle, CLOCK, part.state, int(part.trigger), stalled, from_ram)
            cycle += part.cycles
            stalled += part.stalled * part.cycles // 100
            from_ram += part.from_ram * part.cycles // 100
        yield Sight(cycle, CLOCK, parts[-1].state, int(parts[-1].trigger), stalled, from_ram)


def windows(parts: Sequence[Part]) -> list[list[Part]]:
    """The runs of parts with the trigger high that end within the recording."""
    found: list[list[Part]] = []
    inside = False
    for part in parts:
        if part.trigger:
            found = found if inside else [*found, []]
            found[-1].append(part)
        inside = part.trigger
    return found[:-1] if inside else found


def apart(parts: list[Part]) -> list[Part]:
    """The same with no two neighbours alike: what does not change is one part."""
    kept = [part for part, after in pairwise(parts) if (part.trigger, part.state) != (after.trigger, after.state)]
    return [*kept, parts[-1]]


separate_parts = parts_strategy.map(apart)


@given(separate_parts, st.integers(0, 1 << 40))
def test_no_charge_is_lost(parts: list[Part], start: int) -> None:
    trace = Scene().record(parts, start)
    energy = float(trace.current_a.sum()) * trace.voltage_v / trace.sample_rate_hz
    assert energy == pytest.approx(sum(part.energy for part in parts), rel=1e-9)


@settings(deadline=None)
@given(separate_parts)
def test_the_energy_of_each_window_is_voltage_times_current_times_time(parts: list[Part]) -> None:
    expected = [sum(part.energy for part in window) for window in windows(parts)]
    assert Scene().record(parts).window_energies_j() == pytest.approx(expected, rel=1e-9)


@given(separate_parts, st.integers(1, 1 << 40), st.integers(0, 1_000_000), st.sampled_from([0.0, 1e-3]))
def test_a_window_does_not_depend_on_when_recording_began(
    parts: list[Part], start: int, silence: int, noise: float
) -> None:
    analyzer = CurrentInput(noise_a=noise)
    early = Scene(analyzer).record([Part(1, state=CoreState.STOP), *parts])
    late = Scene(analyzer).record([Part(silence + 1, state=CoreState.STOP), *parts], start)
    assert early.window_energies_j() == late.window_energies_j()


@given(separate_parts, st.sampled_from([1000.0, 64_000.0, 1_000_000.0]))
def test_samples_never_exceed_the_currents_of_the_states(parts: list[Part], rate: float) -> None:
    trace = Scene(CurrentInput(rate)).record(parts)
    assert len(trace.current_a) == len(trace.trigger)
    assert (trace.current_a <= POWER.state_a(CoreState.RUN, CLOCK) * (1 + 1e-6)).all()
    assert (trace.current_a >= 0).all()


def test_an_analyzer_that_was_not_started_gives_an_empty_trace() -> None:
    trace = Scene().recorder.stop()
    assert len(trace.current_a) == 0
    assert trace.window_energies_j() == []


def test_a_recording_that_can_not_be_kept_is_refused() -> None:
    with pytest.raises(InfrastructureError, match="sample_rate_hz"):
        Scene(CurrentInput(1e6)).record([Part(CLOCK * 3600)])


# ---- the laws of the current


@given(st.integers(1, 400_000_000))
def test_current_rises_with_the_clock_and_meets_every_point(hz: int) -> None:
    assert current_at(POWER.run, hz) < current_at(POWER.run, hz + 1_000_000)
    for point in POWER.run:
        assert current_at(POWER.run, point.clock_hz) == pytest.approx(point.current_a)


def test_between_two_points_the_current_is_on_the_line_and_beyond_in_proportion() -> None:
    assert current_at(POWER.run, 80_000_000) == pytest.approx(0.0175)
    assert current_at(POWER.run, 20_000_000) == pytest.approx(0.005)
    assert current_at(POWER.run, 2 * CLOCK) == pytest.approx(0.050)
    assert current_at((OperatingPoint(0, 0.001), OperatingPoint(100, 0.003)), 50) == pytest.approx(0.002)


@given(separate_parts, st.floats(1.5, 6.0))
def test_a_switching_regulator_keeps_the_power_and_a_linear_one_the_current(parts: list[Part], supply: float) -> None:
    linear = Scene(supply_v=supply)
    switching = Scene(power=replace(POWER, regulator=Regulator.SWITCHING), supply_v=supply)
    energy = np.array(Scene().record(parts).window_energies_j())
    assert linear.record(parts).window_energies_j() == pytest.approx(energy * supply / POWER.voltage_v)
    assert switching.record(parts).window_energies_j() == pytest.approx(energy)


# ---- the analyzer's input


WINDOW = [Part(1000), Part(12_000_000, trigger=True), Part(1000)]


def test_noise_is_as_large_as_asked_and_the_same_for_the_same_seed() -> None:
    quiet = Scene().record(WINDOW).current_a
    noisy = [Scene(CurrentInput(noise_a=1e-3, seed=seed)).record(WINDOW).current_a for seed in (1, 1, 2)]
    assert (noisy[0] == noisy[1]).all()
    assert (noisy[0] != noisy[2]).any()
    assert np.std(noisy[0] - quiet) == pytest.approx(1e-3, rel=0.05)
    assert abs(np.mean(noisy[0] - quiet)) < 5e-5


def test_no_two_recordings_have_the_same_noise() -> None:
    scene = Scene(CurrentInput(noise_a=1e-3))
    assert (scene.record(WINDOW).current_a != scene.record(WINDOW).current_a).any()


def test_a_current_out_of_range_is_cut_off() -> None:
    trace = Scene(CurrentInput(range_a=0.020)).record(WINDOW)
    assert trace.current_a.max() == 0.020
    assert np.abs(Scene(CurrentInput(noise_a=1.0, range_a=0.020)).record(WINDOW).current_a).max() == 0.020


@settings(deadline=None)
@given(st.floats(1e-5, 1e-2))
def test_samples_are_whole_steps_of_the_resolution(step: float) -> None:
    samples = Scene(CurrentInput(resolution_a=step)).record(WINDOW).current_a
    assert samples / step == pytest.approx(np.round(samples / step), abs=1e-6)
    assert np.abs(samples - 0.025).min() <= step / 2 * (1 + 1e-9)


# ---- further pins


def test_channels_lie_beside_the_trigger() -> None:
    sights = [Sight(0, CLOCK, CoreState.RUN, 0b000), Sight(12_000, CLOCK, CoreState.RUN, 0b010)]
    sights += [Sight(24_000, CLOCK, CoreState.RUN, 0b111), Sight(36_000, CLOCK, CoreState.RUN, 0b000)]
    now = iter([*sights, Sight(48_000, CLOCK, CoreState.RUN, 0)])
    recorder = Recorder(POWER, VirtualTime(CLOCK), lambda: next(now), CurrentInput(10_000.0), channels=("led", "d7"))
    recorder.start()
    for _ in sights[1:]:
        recorder.note()
    trace = recorder.stop()
    assert trace.trigger.tolist() == [False, False, True, False]
    assert trace.channels["led"].tolist() == [False, True, True, False]
    assert trace.channels["d7"].tolist() == [False, False, True, False]
