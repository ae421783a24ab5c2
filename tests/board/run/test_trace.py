"""The Perfetto trace of a run, read back by Perfetto's own schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent  # type: ignore[import-untyped]

from harness.board.board_file import load_board
from harness.board.power import CoreState
from harness.board.virtual.run_ending import RunPlan
from harness.errors import ConfigError
from tests.board.board_firmware import fields, test_firmware
from tests.board.run.scripted_host import BOARD, Done, run


@dataclass(frozen=True)
class Slice:
    name: str
    begin: int
    end: int


class Tracks:
    """The events of a trace by the name of their track."""

    def __init__(self, path: Path) -> None:
        trace: Any = Trace()
        trace.ParseFromString(path.read_bytes())
        names: dict[int, str] = {}
        self.events: defaultdict[str, list[Any]] = defaultdict(list)
        for packet in trace.packet:
            if packet.HasField("track_descriptor"):
                names[packet.track_descriptor.uuid] = packet.track_descriptor.name
            else:
                self.events[names[packet.track_event.track_uuid]].append(packet)

    def slices(self, track: str) -> list[Slice]:
        """Those of a track, by their end; every one must have one."""
        open_ones: list[tuple[str, int]] = []
        found = []
        for packet in self.events[track]:
            event = packet.track_event
            if event.type == TrackEvent.TYPE_SLICE_BEGIN:
                open_ones.append((event.name, packet.timestamp))
            else:
                assert event.type == TrackEvent.TYPE_SLICE_END
                found.append(Slice(*open_ones.pop(), packet.timestamp))
        assert not open_ones
        return found

    def values(self, track: str) -> list[tuple[int, float]]:
        return [(packet.timestamp, packet.track_event.double_counter_value) for packet in self.events[track]]


def traced(path: Path, script: bytes, until: bytes) -> tuple[Done, Tracks]:
    done = run(RunPlan(until=until, trace=path), script)
    assert done.ending.well, done.ending.reason
    return done, Tracks(path)


def text(slices: Sequence[Slice]) -> str:
    return "".join(chr(int(one.name, 16)) if one.name.startswith("0x") else one.name for one in slices)


def test_bytes_are_on_the_wire_one_after_another_as_long_as_the_baud_rate_says(tmp_path: Path) -> None:
    done, tracks = traced(tmp_path / "t.pftrace", b"e\x05hello", b"hello")
    sent, received = tracks.slices("LPUART1 sends"), tracks.slices("LPUART1 receives")
    assert text(sent).encode() == done.heard
    assert text(received).encode() == b"e\x05hello"
    for slices in (sent, received):
        assert all(one.end - one.begin == pytest.approx(1e10 / 921_600, rel=0.01) for one in slices)
        assert all(one.end <= other.begin + 1 for one, other in pairwise(slices))


def test_interrupts_and_sleep_take_turns(tmp_path: Path) -> None:
    _, tracks = traced(tmp_path / "t.pftrace", b"z\x07", b"slept")
    ticks = tracks.slices("exceptions")
    assert [one.name for one in ticks] == ["SysTick"] * 7
    millisecond = [other.begin - one.begin for one, other in pairwise(ticks)]
    assert all(length == pytest.approx(1e6, rel=1e-3) for length in millisecond)
    for asleep in tracks.slices("sleep"):
        assert not any(asleep.begin < tick.begin and tick.end < asleep.end for tick in ticks)


def test_the_trigger_is_high_for_as_long_as_the_firmware_counts(tmp_path: Path) -> None:
    done, tracks = traced(tmp_path / "t.pftrace", b"m\x09", b"cycles")
    (_, low), (rise, high), (fall, low_again) = tracks.values("GPIOC.7")
    assert (low, high, low_again) == (0, 1, 0)
    window = (fall - rise) * 1e-9 * load_board(BOARD).target.clock_hz
    counted = fields(run(RunPlan(seconds=0.01), b"m\x09").heard)["cycles"]
    assert counted <= window <= counted + 100
    assert done.figures.cycles > window


def test_functions_are_sampled_by_name(tmp_path: Path) -> None:
    _, tracks = traced(tmp_path / "t.pftrace", b"m\xc0", b"cycles")
    time: defaultdict[str, int] = defaultdict(int)
    for one in tracks.slices("functions (sampled)"):
        time[one.name] += one.end - one.begin
    assert max(time, key=time.__getitem__) == "multiply"


def test_the_current_falls_in_sleep(tmp_path: Path) -> None:
    _, tracks = traced(tmp_path / "t.pftrace", b"z\x07", b"slept")
    power = load_board(BOARD).power
    asleep = next(one for one in tracks.slices("sleep") if one.end - one.begin > 500_000)
    middle = (asleep.begin + asleep.end) / 2
    (*_, current) = (value for time, value in tracks.values("current") if time < middle)
    assert current == pytest.approx(power.state_a(CoreState.SLEEP, load_board(BOARD).target.clock_hz) * 1e3)


def test_a_trace_changes_nothing(tmp_path: Path) -> None:
    """But for where the run notices that it is over: it is cut into other slices."""
    with_trace, _ = traced(tmp_path / "t.pftrace", b"x", b"kept 00000001")
    without = run(RunPlan(until=b"kept 00000001"), b"x")
    assert with_trace.heard == without.heard
    assert with_trace.figures.faults == without.figures.faults


def test_a_reset_is_a_moment_in_it(tmp_path: Path) -> None:
    _, tracks = traced(tmp_path / "t.pftrace", b"R", b"ready\nready")
    (packet,) = tracks.events["resets"]
    assert packet.track_event.name == "software reset"


def test_a_trace_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the trace can't be written"):
        run(RunPlan(seconds=0.001, trace=tmp_path / "absent" / "t.pftrace"), image=test_firmware(BOARD))
