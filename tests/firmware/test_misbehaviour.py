"""A model's code that hangs, faults or overflows the stack: what the host learns, and that the board serves on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.bench.footprint import symbol_at
from harness.bench.protocol import Frame
from harness.bench.protocol_constants import FAULT, FaultFields, Notice, Request
from harness.board.dut import Dut
from harness.deploy.build import build_firmware
from harness.errors import FirmwareError, FirmwareFaultError, FirmwareHangError
from tests.deploy.identity_backend import (
    FAILS_TO_START,
    FAULTS,
    HANGS,
    OVERFLOWS_STACK,
    RETURNS_ERROR,
    UNDEFINED_INSTRUCTION,
    IdentityBackend,
    expected_output,
    identity_variant,
)
from tests.firmware.bench_board import BOARDS, Wire, load, virtual_board

SAMPLE = bytes([1, 2, 250, 4, 5, 6, 7, 8])


@pytest.fixture(scope="module", params=BOARDS)
def dut(request: pytest.FixtureRequest) -> Iterator[Dut]:
    with virtual_board(request.param) as board:
        yield board


@pytest.fixture(autouse=True)
def good_firmware_runs_afterwards(dut: Dut) -> Iterator[None]:
    """Whatever a test did to the board, the next firmware works."""
    yield
    device = load(dut, IdentityBackend())
    device.connect()
    assert device.infer(SAMPLE).output == expected_output(SAMPLE)


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (FAULTS, r"PRECISERR.* at model_run\+0x\w+, called from run_timed.*BFAR 0xf0000000"),
        (UNDEFINED_INSTRUCTION, r"UNDEFINSTR at model_run\+0x\w+, called from run_timed"),
        (OVERFLOWS_STACK, r"stack overflow.*PRECISERR"),
    ],
    ids=["bus fault", "undefined instruction", "stack overflow"],
)
def test_a_fault_is_told_with_its_cause_and_place(dut: Dut, backend: IdentityBackend, words: str) -> None:
    device = load(dut, backend)
    device.connect()
    with pytest.raises(FirmwareFaultError, match=words):
        device.infer(SAMPLE)


def test_a_fault_notice_that_was_lost_is_sent_again(dut: Dut) -> None:
    device = load(dut, FAULTS)
    device.connect()
    with pytest.raises(FirmwareFaultError):
        device.infer(SAMPLE)
    for sequence in range(3):
        notice = Wire(dut.console).ask(Request.INFO, sequence)
        assert (notice.kind, notice.sequence) == (Notice.FAULT, 0)
        fault = FaultFields(*FAULT.unpack(notice.payload))
        assert fault.exception == 3
        assert fault.bfar == 0xF000_0000
    with pytest.raises(FirmwareFaultError):
        device.connect()


def test_a_hang_is_told_and_the_probe_finds_where(dut: Dut) -> None:
    device = load(dut, HANGS, inference_timeout=1.0)
    device.connect()
    with pytest.raises(FirmwareHangError, match="did not answer INFER within 1 s"):
        device.infer(SAMPLE)
    elf = build_firmware(identity_variant(), dut.spec.target, HANGS).elf
    assert symbol_at(elf, dut.probe.program_counter()).startswith("model_run+")


def test_an_error_of_the_models_code_is_told_by_its_number(dut: Dut) -> None:
    device = load(dut, RETURNS_ERROR)
    device.connect()
    with pytest.raises(FirmwareError, match="error -7"):
        device.infer(SAMPLE)
    assert device.info().init_error == 0


def test_a_model_that_does_not_start_is_told_on_connecting(dut: Dut) -> None:
    device = load(dut, FAILS_TO_START)
    with pytest.raises(FirmwareError, match="error -9"):
        device.connect()
    with pytest.raises(FirmwareError, match="error -9"):
        device.infer(SAMPLE)


def test_firmware_that_was_reset_in_mid_session_asks_for_its_inputs(dut: Dut) -> None:
    device = load(dut, IdentityBackend())
    device.connect()
    device.infer(SAMPLE)
    dut.probe.reset()
    answer = Wire(dut.console).ask(Request.READ_OUTPUT, 1, bytes(6))
    assert answer == Frame(Request.READ_OUTPUT | 0x80, 1, b"\x05\0\0\0\0")
