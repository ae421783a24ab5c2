"""Leases: exclusive between processes, gone with the process that held them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.board.lease import lease
from harness.board.rack import Kind, Rack, RackEntry
from harness.errors import LeaseError

HOLD = """
import sys, time
from harness.board.lease import lease
from harness.board.rack import Rack
with lease(Rack.from_json(sys.argv[1]), "nucleo_l4r5zi", 0) as entry:
    print(entry.name, flush=True)
    time.sleep(60)
"""

# Takes the lease many times; whoever finds the other one's mark in the DUT's file has caught it sharing.
HAMMER = """
import os, sys, time
from pathlib import Path
from harness.board.lease import lease
from harness.board.rack import Rack
for _ in range(40):
    with lease(Rack.from_json(sys.argv[1]), "nucleo_l4r5zi", 30) as entry:
        mark = Path(sys.argv[2]) / entry.name
        mark.touch(exist_ok=False)
        time.sleep(0.002)
        mark.unlink()
"""


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))


def rack_of(count: int, name: str = "/racks/test.yaml") -> Rack:
    return Rack(name, tuple(RackEntry(f"v{index}", "nucleo_l4r5zi", Kind.VIRTUAL) for index in range(count)))


def hold(rack: Rack) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, rack.to_json()], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "v0"
    return process


def test_a_second_lease_gets_another_dut_or_is_told_who_holds_it() -> None:
    rack = rack_of(2)
    with lease(rack, "nucleo_l4r5zi", 0) as first, lease(rack, "nucleo_l4r5zi", 0) as second:
        assert {first.name, second.name} == {"v0", "v1"}
        with pytest.raises(LeaseError, match=f"v0 by process {os.getpid()}"), lease(rack, "nucleo_l4r5zi", 0.1):
            pass


def test_a_lease_ends_with_its_block_even_by_an_error() -> None:
    rack = rack_of(1)
    with pytest.raises(ZeroDivisionError), lease(rack, "nucleo_l4r5zi", 0):
        raise ZeroDivisionError
    with lease(rack, "nucleo_l4r5zi", 0) as entry:
        assert entry.name == "v0"


def test_a_lease_dies_with_a_process_that_is_killed() -> None:
    rack = rack_of(1)
    holder = hold(rack)
    try:
        with pytest.raises(LeaseError, match=f"process {holder.pid}"), lease(rack, "nucleo_l4r5zi", 0):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with lease(rack, "nucleo_l4r5zi", 1):
        pass


def test_a_lease_is_not_inherited_by_children() -> None:
    rack = rack_of(1)
    with lease(rack, "nucleo_l4r5zi", 0):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with lease(rack, "nucleo_l4r5zi", 0):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_waiting_lease_is_served_when_the_dut_becomes_free() -> None:
    rack = rack_of(1)
    holder = hold(rack)
    waiter = subprocess.Popen(
        [sys.executable, "-c", HOLD.replace(", 0)", ", 30)"), rack.to_json()], stdout=subprocess.PIPE, text=True
    )
    time.sleep(0.3)
    holder.kill()
    holder.wait()
    try:
        assert waiter.stdout is not None
        assert waiter.stdout.readline().strip() == "v0"
    finally:
        waiter.kill()
        waiter.wait()


def test_processes_never_share_a_dut(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    command = [sys.executable, "-c", HAMMER, rack_of(2).to_json(), str(marks)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors


def test_excluded_duts_are_not_taken() -> None:
    rack = rack_of(2)
    with lease(rack, "nucleo_l4r5zi", 0, exclude=["v0"]) as entry:
        assert entry.name == "v1"
    with pytest.raises(LeaseError, match="excluded: v0, v1"), lease(rack, "nucleo_l4r5zi", 0, exclude=["v0", "v1"]):
        pass


def test_a_board_that_the_rack_lacks_is_said_at_once() -> None:
    with pytest.raises(LeaseError, match="no DUT of board nucleo_f746zg"), lease(rack_of(1), "nucleo_f746zg", 60):
        pass


def test_different_racks_of_virtual_boards_do_not_exclude_each_other() -> None:
    with lease(rack_of(1, "/a.yaml"), "nucleo_l4r5zi", 0), lease(rack_of(1, "/b.yaml"), "nucleo_l4r5zi", 0):
        pass


def test_silicon_is_one_dut_in_all_racks() -> None:
    entry = RackEntry("desk", "nucleo_l4r5zi", Kind.SERIAL, probe="066B", console="/dev/ttyACM0")
    one, other = Rack("/a.yaml", (entry,)), Rack("/b.yaml", (entry,))
    with lease(one, "nucleo_l4r5zi", 0), pytest.raises(LeaseError), lease(other, "nucleo_l4r5zi", 0):
        pass
