"""The host's client against firmware that runs on a virtual board, on lines good and bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.device import Device
from harness.board.dut import Dut
from harness.board.interfaces import Console
from harness.deploy.build import build_firmware
from harness.deploy.options import BuildOptions
from harness.errors import ConsoleError, DatasetError, FirmwareError, FirmwareHangError, InfrastructureError
from tests.deploy.identity_backend import COUNTS_ITS_RUNS, IdentityBackend, expected_output, identity_variant
from tests.firmware.bench_board import load, virtual_board

L4R5 = "nucleo_l4r5zi"
SAMPLE = bytes([1, 2, 250, 4, 5, 6, 7, 8])


@pytest.fixture(scope="module")
def dut() -> Iterator[Dut]:
    with virtual_board(L4R5) as board:
        yield board


@pytest.fixture(scope="module")
def device(dut: Dut) -> Device:
    device = load(dut, IdentityBackend())
    device.connect()
    return device


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=8, max_size=8))
def test_outputs_are_what_the_code_computes(device: Device, data: bytes) -> None:
    inference = device.infer(data)
    assert inference.output == expected_output(data)
    assert inference.cycles > 0


@pytest.mark.parametrize(("first", "second"), [(1, 1023), (1024, 1024), (1025, 3000), (1, 1)])
def test_tensors_larger_than_a_frame_travel_in_chunks(dut: Dut, first: int, second: int) -> None:
    device = load(dut, IdentityBackend(first=first, second=second))
    device.connect()
    data = bytes(value * 7 % 256 for value in range(first + second))
    assert device.infer(data).output == expected_output(data, first)


def test_a_sample_of_another_size_is_refused_before_it_is_sent(device: Device) -> None:
    with pytest.raises(DatasetError, match="a sample has 7 bytes, the model's inputs take 8"):
        device.infer(SAMPLE[:7])


def test_another_image_than_the_one_to_measure_is_found_out(dut: Dut) -> None:
    load(dut, IdentityBackend())
    other = build_firmware(identity_variant(), dut.spec.target, IdentityBackend(), BuildOptions(stack_bytes=4096))
    with pytest.raises(InfrastructureError, match="another image"):
        Device(dut.console, other).connect()


def test_a_backend_that_promised_other_tensors_is_found_out(dut: Dut) -> None:
    load(dut, IdentityBackend())
    firmware = build_firmware(identity_variant(), dut.spec.target, IdentityBackend())
    with pytest.raises(FirmwareError, match="backend identity promised"):
        Device(dut.console, replace(firmware, outputs=firmware.outputs[:1])).connect()


class Recorder:
    """A console that keeps what is sent over it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        self._console.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._console, name)


def test_every_session_sends_an_inference_the_same_bytes(dut: Dut) -> None:
    # What the firmware does with a byte decides what is left in the caches for the inference behind it.
    load(dut, IdentityBackend())
    firmware = build_firmware(identity_variant(), dut.spec.target, IdentityBackend())
    recorder, sessions = Recorder(dut.console), []
    for _session in range(3):
        device = Device(recorder, firmware)
        device.connect()
        recorder.sent.clear()
        device.infer(SAMPLE)
        sessions.append(list(recorder.sent))
    assert sessions[0] == sessions[1] == sessions[2]


@pytest.mark.parametrize("noise", ["1:0.003", "2:0.01", "3:0.02"])
def test_a_noisy_line_costs_time_but_never_a_right_result(noise: str) -> None:
    with virtual_board(L4R5, noise) as dut:
        device = load(dut, COUNTS_ITS_RUNS)
        device.connect()
        for run in range(1, 41):
            data = bytes([run, 2, 3, 0, 5, 6, 7, 8])
            # The firmware puts the number of the run into the first element of its second input.
            assert device.infer(data).output == expected_output(data[:3] + bytes([run]) + data[4:])


def test_a_line_that_carries_only_garbage_is_the_lines_fault() -> None:
    with virtual_board(L4R5, "4:1") as dut:
        device = load(dut, IdentityBackend())
        with pytest.raises(ConsoleError, match="garbled"):
            device.connect(timeout=3.0)


def test_a_board_that_is_silent_is_the_firmwares_fault(dut: Dut) -> None:
    firmware = build_firmware(identity_variant(), dut.spec.target, IdentityBackend())
    dut.probe.flash(firmware.elf)  # and left halted
    with pytest.raises(FirmwareHangError, match=r"did not answer INFO within 0\.5 s"):
        Device(dut.console, firmware).connect(timeout=0.5)


def test_a_port_that_is_gone_is_told() -> None:
    with virtual_board(L4R5) as dut:
        device = load(dut, IdentityBackend())
        device.connect()
        dut.console.close()
        with pytest.raises(ConsoleError, match="gone"):
            device.infer(SAMPLE)
