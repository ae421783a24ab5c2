"""What goes wrong around a run: noise on the line, boards that die, runs that are killed or meet on one rack."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.bench.outcome import Status
from harness.results.record import Record
from tests.pytest_plugin.scenario import Scenario

PATIENCE = 90.0


def board_processes(ancestor: int) -> list[int]:
    """Process ids of the virtual boards that a process started, itself or through its workers."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"harness.board.virtual" in command and _descends(int(entry.name), ancestor):
            found.append(int(entry.name))
    return found


def _descends(process: int, ancestor: int) -> bool:
    while process > 1:
        if process == ancestor:
            return True
        try:
            status = Path(f"/proc/{process}/stat").read_text()
        except OSError:
            return False
        process = int(status.rpartition(")")[2].split()[1])
    return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def values(records: dict[str, Record]) -> dict[str, dict[str, tuple[float, ...]]]:
    """What was measured, without what differs between any two runs."""
    return {case: {one.quantity: one.samples for one in record.measurements} for case, record in records.items()}


def test_noise_on_the_uart_changes_no_result(tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    (tmp_path / "noisy").mkdir()
    clean = Scenario.make(tmp_path / "clean")
    noisy = Scenario.make(tmp_path / "noisy", uart_noise="7:0.002")
    for scenario in (clean, noisy):
        scenario.suite(("dense", "tvm"))
        scenario.run()
    assert values(clean.records()) == values(noisy.records())


@contextmanager
def started(scenario: Scenario, *options: str) -> Iterator[int]:
    process = scenario.start(*options)
    try:
        yield process.pid
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()


def finished_cases(scenario: Scenario) -> int:
    try:
        return len(scenario.latest.records())
    except IndexError:
        return 0


@pytest.fixture
def hanging(tmp_path: Path) -> Scenario:
    """A run whose second case hangs until something happens to it."""
    scenario = Scenario.make(tmp_path)
    scenario.dense("last", units=5)
    scenario.suite(("dense", "tvm"), ("dense", "hangs"), ("last", "tvm"))
    return scenario


def test_a_board_that_dies_is_tried_again_and_then_blamed_itself(hanging: Scenario) -> None:
    killed: set[int] = set()
    with started(hanging, "--inference-timeout", "60") as pytest_process:
        wait_for(lambda: finished_cases(hanging) == 1)
        for _ in range(2):
            wait_for(lambda: bool(set(board_processes(pytest_process)) - killed))
            victim = (set(board_processes(pytest_process)) - killed).pop()
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
    statuses = hanging.statuses()
    assert statuses["dense-tvm-nucleo_l4r5zi"] is Status.PASSED
    assert statuses["dense-hangs-nucleo_l4r5zi"] is Status.INFRASTRUCTURE_ERROR
    assert statuses["last-tvm-nucleo_l4r5zi"] is Status.PASSED


def test_a_killed_run_keeps_its_records_and_can_be_resumed(hanging: Scenario) -> None:
    process = hanging.start("--inference-timeout", "60")
    wait_for(lambda: finished_cases(hanging) == 1 and bool(board_processes(process.pid)))
    boards = board_processes(process.pid)
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not any(Path(f"/proc/{board}/cmdline").exists() for board in boards))
    (before,) = hanging.latest.records()

    hanging.run("--resume", hanging.latest.run_id, "--inference-timeout", "3", expect=1)

    after = hanging.latest.records()
    assert after[0] == before
    assert [record.case for record in after].count(before.case) == 1
    assert hanging.statuses() == {
        "dense-tvm-nucleo_l4r5zi": Status.PASSED,
        "dense-hangs-nucleo_l4r5zi": Status.FIRMWARE_FAILED,
        "last-tvm-nucleo_l4r5zi": Status.PASSED,
    }


def test_two_runs_at_once_on_one_rack_both_measure_the_same(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path)
    scenario.suite(("dense", "tvm"))
    processes = [scenario.start("--runs", name) for name in ("first", "second")]
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    first, second = (Scenario(tmp_path / name) for name in ("first", "second"))
    assert values(_records_in(first.path)) == values(_records_in(second.path))


def test_workers_give_the_same_records_as_one_process(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path, boards=("nucleo_l4r5zi", "nucleo_f746zg"))
    scenario.dense("last", units=5)
    scenario.suite(("dense", "tvm"), ("last", "tvm"))
    scenario.run("--runs", "alone", "-n", "0")
    scenario.run("--runs", "together", "-n", "2")
    alone, together = _records_in(tmp_path / "alone"), _records_in(tmp_path / "together")
    assert len(alone) == 4
    assert values(alone) == values(together)
    for case, record in alone.items():
        assert record.outcome == together[case].outcome
        assert record.layers == together[case].layers
        assert record.origin.firmware_build_id == together[case].origin.firmware_build_id


def _records_in(runs: Path) -> dict[str, Record]:
    from harness.results.run import list_runs
    from harness.results.store import RunDirectory

    (run,) = list_runs(runs)
    records = RunDirectory(run).records()
    assert len({record.case for record in records}) == len(records), "a case was recorded twice"
    return {record.case: record for record in records}
