"""Virtual boards as the harness meets them: flashed through pyOCD, spoken to through pyserial, measured over TCP."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.board.dut import Dut, open_dut
from harness.board.power import CoreState
from harness.board.rack import Kind, RackEntry
from harness.board.serial_console import SerialConsole
from harness.board.virtual_process import run_virtual_board
from harness.errors import ConfigError, ConsoleError, InfrastructureError, ProbeError
from tests.board.board_firmware import BOARDS, fields, symbol, test_firmware


def entry(board: str, **options: str) -> RackEntry:
    return RackEntry("test", board, Kind.VIRTUAL, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=BOARDS)
def dut(request: pytest.FixtureRequest) -> Iterator[Dut]:
    """A board of each kind with the test firmware in flash."""
    with open_dut(entry(request.param)) as opened:
        opened.probe.flash(test_firmware(request.param))
        yield opened


def boot(dut: Dut) -> None:
    dut.probe.reset()
    assert read_until(dut, b"ready\n") == b"ready\n"


def read_until(dut: Dut, end: bytes, timeout: float = 10.0) -> bytes:
    data, deadline = b"", time.monotonic() + timeout
    while not data.endswith(end) and time.monotonic() < deadline:
        data += dut.console.read(1, 0.1)
    return data


def ask(dut: Dut, command: bytes, end: bytes = b"\n") -> bytes:
    dut.console.write(command)
    return read_until(dut, end)


def test_it_boots_and_echoes(dut: Dut) -> None:
    boot(dut)
    assert ask(dut, b"e\x05hello", b"hello") == b"hello"
    assert dut.simulated


def test_flashing_leaves_the_core_halted_at_its_reset_vector(dut: Dut) -> None:
    image = test_firmware(dut.spec.name)
    dut.probe.flash(image)
    assert dut.probe.program_counter() == symbol(image, "reset_handler")[0]
    assert dut.console.read(1, 0.1) == b""


def test_a_large_image_is_flashed_once_and_not_again_where_it_is_there(
    dut: Dut, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = padded_firmware(dut.spec.name, tmp_path, 150_000)
    programmed = []
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.INFO, "pyocd.flash"):
            dut.probe.flash(image)
        (count,) = re.findall(r"programmed (\d+) bytes", caplog.text)
        programmed.append(int(count))
    boot(dut)
    assert programmed[0] > 150_000
    assert programmed[1] == 0


def padded_firmware(board: str, directory: Path, size: int) -> Path:
    """The test firmware with random bytes behind it."""
    raw, image = directory / "image.bin", directory / "image.elf"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", test_firmware(board), raw], check=True)
    raw.write_bytes(raw.read_bytes() + os.urandom(size))
    link = ["arm-none-eabi-ld", "-b", "binary", "-Tdata=0x08000000", "-e", "0x08000000", str(raw), "-o", str(image)]
    subprocess.run(link, check=True)
    return image


def test_other_firmware_in_the_same_place_is_run_and_timed_afresh(dut: Dut, tmp_path: Path) -> None:
    boot(dut)
    before = fields(ask(dut, b"m\x05"))
    dut.probe.flash(padded_firmware(dut.spec.name, tmp_path, 5000))
    dut.probe.flash(test_firmware(dut.spec.name))
    boot(dut)
    assert fields(ask(dut, b"m\x05")) == before


def test_every_run_takes_the_same_cycles_and_energy(dut: Dut) -> None:
    runs = [measured_loops(dut) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    power, clock = dut.spec.power, dut.spec.target.clock_hz
    for cycles_taken, energy in zip(*runs[0], strict=True):
        # The pin is high a little longer than the counter is read; the core waits for memory now and then.
        at_full_current = power.voltage_v * power.run_a(clock) * cycles_taken / clock
        assert power.stalled_share * at_full_current < energy < 1.015 * at_full_current


def measured_loops(dut: Dut) -> tuple[list[int], list[float]]:
    """Cycles and energies of two loops after a reset and one to warm up."""
    boot(dut)
    assert dut.energy is not None
    with dut.timed() as counts:
        assert counts
        ask(dut, b"m\x05")
        dut.energy.start()
        cycles = [fields(ask(dut, b"m\x05"))["cycles"] for _ in range(2)]
        return cycles, dut.energy.stop().window_energies_j()


def test_a_sleeping_core_draws_the_current_of_sleep(dut: Dut) -> None:
    boot(dut)
    assert dut.energy is not None
    with dut.timed():
        dut.energy.start()
        slept = fields(ask(dut, b"z\x0a"))["slept"]
        (energy,) = dut.energy.stop().window_energies_j()
    power, clock = dut.spec.power, dut.spec.target.clock_hz
    assert energy == pytest.approx(power.voltage_v * power.state_a(CoreState.SLEEP, clock) * slept / clock, rel=0.01)


def test_a_functional_board_records_no_energy(dut: Dut) -> None:
    boot(dut)
    assert dut.energy is not None
    with pytest.raises(InfrastructureError, match="functional"):
        dut.energy.start()


def test_a_hang_is_located(dut: Dut) -> None:
    boot(dut)
    assert ask(dut, b"i").startswith(b"id")
    dut.console.write(b"h")
    time.sleep(0.05)
    address, size = symbol(test_firmware(dut.spec.name), "main")
    assert address <= dut.probe.program_counter() < address + size
    boot(dut)


def test_a_fault_is_reported_over_the_console(dut: Dut) -> None:
    boot(dut)
    report = fields(ask(dut, b"fr", b"end\n"))
    assert report["hardfault"] == 0x8200
    assert report["bfar"] == 0x7000_0000


def test_the_stock_pyocd_command_flashes_and_reads_a_virtual_board(tmp_path: Path) -> None:
    image, out = test_firmware("nucleo_l4r5zi"), tmp_path / "read.bin"
    pyocd = [str(Path(sys.executable).with_name("pyocd"))]
    with run_virtual_board(entry("nucleo_l4r5zi")) as board:
        where = ["-u", board.probe, "-t", "stm32l475xg"]
        subprocess.run([*pyocd, "flash", *where, str(image)], check=True, capture_output=True, timeout=60)
        read = ["-c", f"savemem 0x08000000 64 {out}"]
        subprocess.run([*pyocd, "commander", *where, *read], check=True, capture_output=True, timeout=60)
    raw = tmp_path / "image.bin"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", image, raw], check=True)
    assert out.read_bytes() == raw.read_bytes()[:64]


@pytest.mark.parametrize(
    "use",
    [
        lambda dut: ask(dut, b"e\x01x", b"x"),
        lambda dut: dut.probe.reset(),
        lambda dut: dut.energy.stop(),
        lambda dut: dut.probe.flash(test_firmware("nucleo_l4r5zi")),
    ],
    ids=["console", "probe", "analyzer", "flash"],
)
def test_a_killed_board_is_an_infrastructure_error(use: Callable[[Dut], object]) -> None:
    with pytest.raises(InfrastructureError, match="killed by signal 9"):
        use_a_killed_board(use)


def use_a_killed_board(use: Callable[[Dut], object]) -> None:
    others = set(board_processes())
    with open_dut(entry("nucleo_l4r5zi")) as dut:
        (board,) = set(board_processes()) - others
        os.kill(board, signal.SIGKILL)
        use(dut)


def board_processes() -> list[int]:
    """The board processes that this one has started."""
    children = [
        child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [int(pid) for pid in children if b"harness.board.virtual" in Path(f"/proc/{pid}/cmdline").read_bytes()]


PARENT = """
import sys
from harness.board.rack import RackEntry
from harness.board.virtual_process import run_virtual_board
with run_virtual_board(RackEntry.from_json(sys.argv[1])) as board:
    print(board.process.pid, flush=True)
    sys.stdin.read()
"""


def test_a_board_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", PARENT, entry("nucleo_l4r5zi").to_json()]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    board = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while (running := is_running(board)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_an_idle_board_sleeps() -> None:
    others = set(board_processes())
    with open_dut(entry("nucleo_l4r5zi")) as dut:
        (pid,) = set(board_processes()) - others
        dut.probe.flash(test_firmware("nucleo_l4r5zi"))
        boot(dut)
        before = cpu_seconds(pid)
        time.sleep(1.0)
        assert cpu_seconds(pid) - before < 0.25


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_noise_damages_the_console_in_both_directions() -> None:
    with open_dut(entry("nucleo_l4r5zi", uart_noise="3:0.2")) as dut:
        dut.probe.flash(test_firmware("nucleo_l4r5zi"))
        dut.probe.reset()
        dut.console.write(b"e\xff" + b"U" * 255)
        heard = dut.console.read(4096, 1.0)
        assert heard
        assert heard.count(b"U") not in (0, 255)


def test_a_board_that_does_not_exist_says_so() -> None:
    with pytest.raises(ConfigError, match="arduino"), run_virtual_board(entry("arduino")):
        pass


def test_silicon_that_is_not_there_is_a_probe_error() -> None:
    silicon = RackEntry("desk", "nucleo_l4r5zi", Kind.SERIAL, probe="remote:localhost:1", console="/dev/null")
    with pytest.raises(ProbeError, match="localhost:1"), open_dut(silicon):
        pass


def test_a_console_that_is_not_there_is_a_console_error(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="ttyNOT"):
        SerialConsole(str(tmp_path / "ttyNOT"), 115_200)
