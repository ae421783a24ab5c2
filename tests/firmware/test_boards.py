"""The bench firmware on every board: at the clock and baud rate of the board's file, and flashed through its probe."""

from __future__ import annotations

import pytest

from harness.bench.device import Device
from harness.board.board_file import list_boards, load_board
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.machine_console import MachineConsole
from harness.deploy.build import build_firmware
from tests.deploy.identity_backend import TAKES_A_MILLION_CYCLES, IdentityBackend, expected_output, identity_variant
from tests.firmware.bench_board import load, virtual_board

SAMPLE = bytes([1, 2, 250, 4, 5, 6, 7, 8])
MOST_BAUD_ERROR = 0.025
"""Half a bit in ten is 5 %; the host's clock may take its share."""


def boot(board: str, backend: IdentityBackend) -> tuple[Machine, Device]:
    """A machine in this process with the firmware in its flash, and the device that it is."""
    spec = load_board(board)
    firmware = build_firmware(identity_variant(), spec.target, backend)
    machine = Machine(spec)
    load_image(machine, read_image(firmware.elf, spec), spec)
    machine.reset()
    return machine, Device(MachineConsole(machine), firmware)


@pytest.mark.parametrize("board", list_boards())
def test_it_runs_at_the_boards_clock_and_baud_rate_and_counts_the_cycles_that_pass(board: str) -> None:
    machine, device = boot(board, TAKES_A_MILLION_CYCLES)
    assert device.connect().clock_hz == machine.clock_hz == machine.chip.time.hz == load_board(board).target.clock_hz
    assert machine.line.console is not None
    assert machine.line.console[1] == pytest.approx(load_board(board).target.console_baud, rel=MOST_BAUD_ERROR)
    first, before = device.infer(SAMPLE), machine.cycles
    assert first.output == expected_output(SAMPLE)
    second = device.infer(SAMPLE)
    assert 250_000 < second.cycles < machine.cycles - before
    assert device.infer(SAMPLE).cycles == second.cycles
    assert sum(device.profile(SAMPLE)) == pytest.approx(second.cycles, rel=2e-3)


@pytest.mark.parametrize(
    "board",
    ["nucleo_u575zi_q", "nucleo_g0b1re", "disco_f469ni", "nucleo_h743zi", "nucleo_h7a3zi_q", "mimxrt1170_evk"],
)
def test_it_is_flashed_through_the_probe(board: str) -> None:
    """One of each flash controller whose boards no other test flashes."""
    with virtual_board(board) as dut:
        device = load(dut, IdentityBackend())
        device.connect()
        assert device.infer(SAMPLE).output == expected_output(SAMPLE)
