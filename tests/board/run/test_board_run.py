"""A virtual board that stands alone: how runs end, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.board.virtual.events import Fault
from harness.board.virtual.resets import ResetCause
from harness.board.virtual.run_ending import RunPlan
from tests.board.board_firmware import BOARDS, test_firmware
from tests.board.run.scripted_host import raw_image, run

WAIT_FOR_INTERRUPT, BACK_TO_IT = 0xBF30, 0xE7FD


@pytest.mark.parametrize("board", BOARDS)
def test_a_run_ends_well_when_the_console_prints_what_it_was_to(board: str) -> None:
    done = run(RunPlan(until=b"hello"), b"e\x05hello", board=board)
    assert done.ending.well
    assert done.ending.reason == "printed 'hello'"
    assert done.heard == b"ready\nhello"


def test_every_run_is_the_same_to_the_cycle() -> None:
    first, second = (run(RunPlan(until=b"slept"), b"z\x03") for _ in range(2))
    assert first.figures == second.figures
    assert first.heard == second.heard


def test_time_asleep_is_told() -> None:
    figures = run(RunPlan(until=b"slept"), b"z\x09").figures
    # Nine of about ten periods of 1 ms: the rest is spent printing.
    assert 0.75 < figures.asleep < 0.95


@pytest.mark.parametrize("board", BOARDS)
def test_functional_runs_do_the_same_in_fewer_cycles(board: str) -> None:
    timed, functional = (run(RunPlan(timed=timed, until=b"cycles"), b"m\x20", board=board) for timed in (True, False))
    assert timed.heard[:12] == functional.heard[:12]
    assert functional.figures.cycles < timed.figures.cycles


def test_it_runs_for_so_much_virtual_time() -> None:
    done = run(RunPlan(seconds=0.25), b"h")
    assert done.ending.well
    assert done.figures.seconds == pytest.approx(0.25, abs=1e-6)
    assert "0.25 s of virtual time are over; it was at main+" in done.ending.reason


def test_a_hang_is_located() -> None:
    done = run(RunPlan(until=b"never", seconds=0.05), b"h")
    assert not done.ending.well
    assert "it was at main+" in done.ending.reason
    assert "'never' was not printed" in done.ending.reason


def test_a_run_can_be_limited_on_the_hosts_clock() -> None:
    done = run(RunPlan(timeout_s=0.2), b"h")
    assert not done.ending.well
    assert done.ending.reason.startswith("0.2 s have passed; it was at main+")


@pytest.mark.parametrize(
    ("kind", "fault", "words"),
    [
        (b"r", Fault.DATA_BUS, "data bus of 0x70000000"),
        (b"u", Fault.UNDEFINED_INSTRUCTION, "undefined instruction"),
        (b"d", Fault.DIVIDE_BY_ZERO, "divide by zero"),
        (b"b", Fault.BREAKPOINT, "breakpoint without a debugger"),
    ],
)
def test_a_fault_is_told_with_its_place(kind: bytes, fault: Fault, words: str) -> None:
    done = run(RunPlan(until=b"never"), b"f" + kind)
    assert not done.ending.well
    assert done.ending.reason.startswith(f"fault ({words}) at main+")
    (seen,) = done.figures.faults
    assert seen.fault is fault


def test_a_fault_that_the_firmware_handles_does_not_end_a_run_without_an_aim() -> None:
    done = run(RunPlan(seconds=0.01), b"fr")
    assert done.ending.well
    assert b"hardfault" in done.heard
    assert len(done.figures.faults) == 1


def test_an_expired_watchdog_is_told() -> None:
    done = run(RunPlan(until=b"never"), b"D")
    assert done.ending.reason.startswith("independent watchdog expiry at main+")
    assert not done.ending.well


def test_a_reset_that_the_firmware_asks_for_is_told_and_ends_nothing() -> None:
    done = run(RunPlan(seconds=0.01), b"R")
    assert done.heard == b"ready\nready\n"
    assert [reset.cause for reset in done.figures.resets] == [ResetCause.SOFTWARE]


def test_a_lockup_ends_any_run(tmp_path: Path) -> None:
    done = run(RunPlan(), image=raw_image(tmp_path / "image.bin", 0xDE00))
    assert not done.ending.well
    assert done.ending.reason.startswith("locked up: fault (")


def test_a_semihosting_call_is_told_by_its_name(tmp_path: Path) -> None:
    """As C libraries make them that were not told to do without."""
    # A branch to itself; the vector of HardFault points to it.
    for_ever = 0xE7FE, 0x000B, 0x0800
    done = run(RunPlan(until=b"never"), image=raw_image(tmp_path / "image.bin", 0xBEAB, *for_ever))
    assert not done.ending.well
    assert done.ending.reason == "fault (semihosting call without a debugger) at 0x08000008"


def test_a_sleep_that_nothing_can_end_ends_the_run(tmp_path: Path) -> None:
    done = run(RunPlan(), image=raw_image(tmp_path / "image.bin", WAIT_FOR_INTERRUPT, BACK_TO_IT))
    assert done.ending.well
    assert done.ending.reason.startswith("it sleeps, and nothing is left that could wake it; it was at 0x0800000")


def test_the_end_of_input_ends_a_run_that_waits_for_more() -> None:
    done = run(RunPlan(), b"e\x02hi")
    assert done.ending.well
    assert done.heard == b"ready\nhi"
    assert "waits for input, and there is no more" in done.ending.reason


def test_the_console_is_told_with_its_bit_rate() -> None:
    name, baud = run(RunPlan(until=b"ready")).figures.console or ("", 0)
    assert name == "LPUART1"
    assert baud == pytest.approx(921_600, rel=0.001)


def test_symbols_come_from_the_elf() -> None:
    assert len(run(RunPlan(until=b"ready"), image=test_firmware("nucleo_l4r5zi")).image.symbols) > 10
