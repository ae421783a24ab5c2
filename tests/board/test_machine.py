"""The machine by itself: booting, talking, sleeping, exceptions, and the same cycles on every slice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.board_file import load_board
from harness.board.virtual import native_hook
from harness.board.virtual.machine import Machine, Pause
from harness.board.virtual.native_hook import load_hook
from harness.errors import BuildError
from tests.board.board_firmware import Bench, both_boards, fields, symbol, test_firmware


@both_boards
def test_blank_flash_locks_up_as_on_silicon(board: str) -> None:
    machine = Machine(load_board(board))
    assert machine.run(1000) is Pause.HALTED
    assert machine.chip.exceptions.locked_up


@both_boards
def test_it_boots_and_echoes(board: str) -> None:
    bench = Bench.boot(board)
    assert bench.ask(b"") == b"ready\n"
    assert bench.ask(b"e\x05hello") == b"hello"
    assert bench.machine.run(1000) is Pause.WAITING


@both_boards
def test_cycles_do_not_depend_on_slices(board: str) -> None:
    script = (b"", b"m\x03", b"e\x08abcdefgh", b"z\x03", b"x", b"m\x01")
    runs = set()
    for slice_cycles in (97, 1000, 7777, 2_000_000):
        bench = Bench.boot(board, slice_cycles)
        answers = []
        for command in script:
            answer = b""
            while (pause := bench.machine.run(slice_cycles)) is Pause.SLICE_DONE:
                answer += bench.machine.line.sent()
            assert pause is Pause.WAITING
            answers.append(answer + bench.machine.line.sent())
            bench.machine.line.feed(command)
        runs.add((tuple(answers), bench.machine.cycles, bench.machine.chip.engine.clock.state.instructions))
    assert len(runs) == 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_when_bytes_arrive_does_not_depend_on_the_host(pieces: list[int]) -> None:
    message = b"e\x10" + bytes(range(16))
    whole = Bench.boot("nucleo_l4r5zi")
    whole.ask(b"")
    assert whole.ask(message) == message[2:]
    split = Bench.boot("nucleo_l4r5zi")
    split.ask(b"")
    answer, rest = b"", message
    for size in [*pieces, len(message)]:
        answer += split.ask(rest[:size])
        rest = rest[size:]
    assert answer == message[2:]
    assert fields(whole.ask(b"m\x01")) == fields(split.ask(b"m\x01"))


def test_bytes_arrive_at_the_baud_rate() -> None:
    bench = Bench.boot("nucleo_l4r5zi")
    bench.ask(b"")
    times = []
    for count in (100, 200):
        before = bench.machine.seconds
        assert len(bench.ask(b"e" + bytes([count]) + bytes(count))) == count
        times.append(bench.machine.seconds - before)
    # The time that the host takes to answer is the same in both.
    assert times[1] - times[0] == pytest.approx(100 * 10 / 921_600, rel=0.01)


@both_boards
def test_a_loop_costs_what_its_block_costs(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    bench.ask(b"m\x0a")
    one, two, three = (fields(bench.ask(bytes([ord("m"), count])))["cycles"] for count in (10, 20, 30))
    # The M7's branch predictor is still learning; the M4 has none.
    assert three - two == pytest.approx(two - one, rel=0.002 if board == "nucleo_f746zg" else 0)
    assert two - one > 10 * 1024


@both_boards
def test_supervisor_calls_pendsv_and_floating_point_context(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    assert fields(bench.ask(b"x")) == {"svc": 1, "pendsv": 1, "kept": 1}


@both_boards
def test_received_bytes_wake_and_interrupt_a_sleeping_core(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    bench.ask(b"I\x06")
    assert bench.machine.run(1000) is Pause.SLEEPING
    assert bench.ask(b"abc") == b"abc"
    assert bench.machine.run(1000) is Pause.SLEEPING
    assert bench.ask(b"def") == b"defechoed 00000006\n"


@both_boards
def test_sleeping_skips_to_the_next_tick(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    instructions = bench.machine.chip.engine.clock.state.instructions
    slept = fields(bench.ask(b"z\x0a"))["slept"]
    assert slept == pytest.approx(10 * 120_000, abs=200)
    assert bench.machine.chip.engine.clock.state.instructions - instructions < 5000


@both_boards
def test_flash_ignores_a_store_that_was_not_announced(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    assert fields(bench.ask(b"W")) == {"flash": 0xFFFF_FFFF}


@both_boards
def test_the_firmware_can_reset_the_system(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    assert bench.ask(b"R") == b"ready\n"


@both_boards
def test_the_part_tells_its_identity(board: str) -> None:
    bench = Bench.boot(board)
    bench.ask(b"")
    assert fields(bench.ask(b"i"))["id"] == load_board(board).simulation["idcode"]


def test_a_hanging_firmware_is_found_in_its_loop() -> None:
    bench = Bench.boot("nucleo_l4r5zi")
    bench.ask(b"")
    assert bench.ask(b"h", cycles=1_000_000) == b""
    address, size = symbol(test_firmware("nucleo_l4r5zi"), "main")
    assert address <= bench.machine.chip.debug.pc < address + size


def test_registers_that_are_not_modelled_are_storage_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    bus = Machine(load_board("nucleo_l4r5zi")).chip.bus
    bus.write(0x4000_6404, b"\x12\x34\x56\x78")
    bus.write(0x4000_6405, b"\xff")
    assert bus.read(0x4000_6404, 4) == b"\x12\xff\x56\x78"
    assert len(caplog.records) == 1
    assert "at 0x40006404 is not modelled" in caplog.text


def test_the_native_part_compiles_without_a_warning(tmp_path: Path) -> None:
    sources = sorted(Path(native_hook.__file__).with_name("native").glob("*.c"))
    assert sources
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-c"]
    done = subprocess.run(["cc", *flags, *map(str, sources)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_compiler_the_way_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("cc") is None
    with pytest.raises(BuildError, match="apt-get install gcc"):
        load_hook()


def test_a_bank_shows_the_same_bytes_at_its_other_address() -> None:
    bus = Machine(load_board("nucleo_l4r5zi")).chip.bus
    bus.write(0x1000_0010, b"seen")
    assert bus.read(0x2003_0010, 4) == b"seen"
    bus.write(0x2003_FFFC, b"both")
    assert bus.read(0x1000_FFFC, 4) == b"both"
