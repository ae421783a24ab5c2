"""Timed and functional: one truth, and what is timed does not depend on what ran before."""

from __future__ import annotations

import pytest

from harness.board.timing_mode import TimingMode
from harness.board.virtual.timing_switch import TimingSwitch
from tests.board.board_firmware import Bench, both_boards, fields

MEASURE = b"m\x05"


def measured(bench: Bench, switch: TimingSwitch) -> list[int]:
    """Cycles of two measured loops, after one to warm up, in timed mode."""
    assert switch.ask(timed=True)
    cycles = [fields(bench.ask(MEASURE))["cycles"] for _ in range(3)]
    switch.ask(timed=False)
    return cycles[1:]


@both_boards
def test_timed_cycles_do_not_depend_on_slices_nor_on_what_ran_before(board: str) -> None:
    found = []
    histories: tuple[tuple[bytes, ...], ...] = ((), (b"m\x21",), (b"e\x05hello", b"x", b"m\x01"), (b"z\x03", b"d"))
    for slice_cycles in (1500, 2_000_000):
        for history in histories:
            bench = Bench.boot(board, slice_cycles)
            switch = TimingSwitch(bench.machine.chip, TimingMode.AUTO)
            bench.ask(b"")
            for command in history:
                bench.ask(command)
            found.append(measured(bench, switch))
            bench.ask(b"m\x40")
            found.append(measured(bench, switch))
    assert all(cycles == found[0] for cycles in found), found


@both_boards
def test_both_modes_give_the_same_outputs_and_only_the_cycles_differ(board: str) -> None:
    answers = {}
    for mode in (TimingMode.FUNCTIONAL, TimingMode.TIMED):
        bench = Bench.boot(board)
        TimingSwitch(bench.machine.chip, mode)
        answers[mode] = [bench.ask(command) for command in (b"", b"x", b"e\x05hello", b"d", MEASURE)]
    *functional, functional_loop = answers[TimingMode.FUNCTIONAL]
    *timed, timed_loop = answers[TimingMode.TIMED]
    assert functional == timed
    assert 0 < fields(functional_loop)["cycles"] < fields(timed_loop)["cycles"]


@pytest.mark.parametrize("mode", [TimingMode.TIMED, TimingMode.FUNCTIONAL])
def test_what_the_rack_asks_for_wins(mode: TimingMode) -> None:
    switch = TimingSwitch(Bench.boot("nucleo_l4r5zi").machine.chip, mode)
    assert [switch.timed, switch.ask(timed=True), switch.ask(timed=False)] == [mode is TimingMode.TIMED] * 3


def test_functional_code_stalls_nowhere_and_timed_code_does() -> None:
    bench = Bench.boot("nucleo_l4r5zi")
    state = bench.machine.chip.engine.clock.state
    switch = TimingSwitch(bench.machine.chip, TimingMode.AUTO)
    bench.ask(MEASURE)
    assert state.stalled == 0
    measured(bench, switch)
    assert 0 < state.stalled < state.cycles
