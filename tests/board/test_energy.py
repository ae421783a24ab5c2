"""The current model: energy is voltage x current x time, exactly, in every window."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.spec import Power
from harness.board.virtual.recorder import Recorder

POWER = Power(voltage_v=3.0, run_a=0.025, sleep_a=0.005, source="made up")
CLOCK = 120_000_000
spans = st.lists(st.tuples(st.integers(1, 3_000_000), st.booleans(), st.booleans()), min_size=1, max_size=12)
Spans = list[tuple[int, bool, bool]]


def record(parts: Spans, start: int, rate: float = 100_000.0) -> Recorder:
    recorder = Recorder(POWER, CLOCK, rate)
    recorder.start(start, parts[0][1], parts[0][2])
    cycle = start
    for length, trigger, asleep in parts:
        recorder.note(cycle, trigger, asleep)
        cycle += length
    return recorder


def expected_energy(parts: Spans) -> float:
    return sum(
        POWER.voltage_v * (POWER.sleep_a if asleep else POWER.run_a) * length / CLOCK for length, _, asleep in parts
    )


def windows(parts: Spans) -> list[Spans]:
    """The runs of spans with the trigger high that end within the recording."""
    found: list[Spans] = []
    inside = False
    for part in parts:
        if part[1]:
            found = found if inside else [*found, []]
            found[-1].append(part)
        inside = part[1]
    return found[:-1] if inside else found


@given(spans, st.integers(0, 1 << 40))
def test_no_charge_is_lost(parts: Spans, start: int) -> None:
    trace = record(parts, start).stop(start + sum(length for length, _, _ in parts))
    energy = float(trace.current_a.sum()) * trace.voltage_v / trace.sample_rate_hz
    assert energy == pytest.approx(expected_energy(parts), rel=1e-9)


@given(spans)
def test_the_energy_of_each_window_is_voltage_times_current_times_time(parts: Spans) -> None:
    trace = record(parts, 0).stop(sum(length for length, _, _ in parts))
    assert trace.window_energies_j() == pytest.approx([expected_energy(window) for window in windows(parts)], rel=1e-9)


@given(spans, st.integers(1, 1 << 40), st.integers(0, 1_000_000))
def test_a_window_does_not_depend_on_when_recording_began(parts: Spans, start: int, silence: int) -> None:
    length = sum(length for length, _, _ in parts)
    quiet = [(silence + 1, False, False), *parts]
    early = record([(1, False, False), *parts], 0).stop(length + 1)
    late = record(quiet, start).stop(start + length + silence + 1)
    assert early.window_energies_j() == late.window_energies_j()


@given(spans, st.sampled_from([1000.0, 64_000.0, 1_000_000.0]))
def test_samples_never_exceed_the_currents_of_the_states(parts: Spans, rate: float) -> None:
    trace = record(parts, 0, rate).stop(sum(length for length, _, _ in parts))
    assert len(trace.current_a) == len(trace.trigger)
    assert (trace.current_a <= POWER.run_a * (1 + 1e-9)).all()
    assert (trace.current_a >= 0).all()


def test_an_analyzer_that_was_not_started_gives_an_empty_trace() -> None:
    trace = Recorder(POWER, CLOCK, 1e5).stop(100)
    assert len(trace.current_a) == 0
    assert trace.window_energies_j() == []
