"""`harness board run` as its user meets it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from tests.board.board_firmware import test_firmware
from tests.board.run.scripted_host import BOARD

COMMAND = [sys.executable, "-c", "from harness.cli import main; main()", "board", "run"]


def harness(*arguments: str, script: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=script, capture_output=True, timeout=60)


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and what leads to its console."""
    command = [*COMMAND, BOARD, str(test_firmware(BOARD)), *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if line.startswith("console:"))
            yield process, line.split()[1]
        finally:
            process.kill()


def test_standard_output_is_the_console_and_nothing_else() -> None:
    done = harness(BOARD, str(test_firmware(BOARD)), "--uart", "stdio", "--until", "hello", script=b"e\x05hello")
    assert done.returncode == 0
    assert done.stdout == b"ready\nhello"
    told = done.stderr.decode()
    assert "board:   NUCLEO-L4R5ZI, STM32L4R5ZIT6U, cortex-m4, up to 120 MHz, simulated" in told
    assert "ended: printed 'hello'" in told
    assert re.search(r"virtual time [\d.]+ ms, [\d,]+ cycles, [\d,]+ instructions", told)


def test_a_fault_is_a_failure_with_its_place() -> None:
    done = harness(BOARD, str(test_firmware(BOARD)), "--uart", "stdio", "--until", "never", script=b"fr")
    assert done.returncode == 1
    assert re.search(r"failed: fault \(data bus of 0x70000000\) at main\+0x[0-9a-f]+\n", done.stderr.decode())


def test_ctrl_c_ends_it_cleanly() -> None:
    with running() as (process, _):
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "ended: interrupted; it was at main+" in out


@pytest.mark.parametrize("how", ["pty", "tcp:0"])
def test_pyserial_opens_the_console(how: str) -> None:
    with running("--uart", how) as (_, port), serial.serial_for_url(port, timeout=10) as console:
        assert console.read(6) == b"ready\n"
        console.write(b"e\x03abc")
        assert console.read(3) == b"abc"


def test_another_client_may_take_over_the_tcp_port() -> None:
    with running("--uart", "tcp:0") as (_, port):
        for word in (b"one", b"two"):
            with serial.serial_for_url(port, timeout=10) as console:
                console.write(b"e\x03" + word)
                assert console.read_until(word).endswith(word)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no_such_board", "{elf}"], "no board 'no_such_board'"),
        ([BOARD, "{elf}", "--uart", "carrier pigeon"], "expected pty, stdio, or tcp:PORT"),
        ([BOARD, "{elf}", "--address", "0x08000000"], "--address is for raw bytes"),
        ([BOARD, "{text}"], "no vector table at 0x08000000"),
    ],
)
def test_what_cannot_be_run_is_one_clear_error(arguments: list[str], message: str, tmp_path: Path) -> None:
    text = tmp_path / "text.bin"
    text.write_text("this is no firmware")
    known = {"{elf}": str(test_firmware(BOARD)), "{text}": str(text)}
    done = harness(*(known.get(argument, argument) for argument in arguments))
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: ")
    assert message in line
