"""What the firmware measures: cycles, steps, stack, and the window of the trigger pin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.board.dut import Dut
from tests.deploy.identity_backend import TAKES_A_MILLION_CYCLES, IdentityBackend
from tests.firmware.bench_board import BOARDS, load, virtual_board

SAMPLE = bytes(8)


@pytest.fixture(scope="module", params=BOARDS)
def dut(request: pytest.FixtureRequest) -> Iterator[Dut]:
    with virtual_board(request.param) as board:
        yield board


def test_the_same_inference_takes_the_same_cycles(dut: Dut) -> None:
    runs = []
    for _ in range(2):
        device = load(dut, IdentityBackend())
        device.connect()
        with dut.timed():
            runs.append([device.infer(SAMPLE).cycles for _ in range(5)])
    # The first inference after a reset finds caches and branch predictor in another state.
    assert len({cycles for run in runs for cycles in run[1:]}) == 1


def test_what_is_streamed_between_measurements_does_not_change_them(dut: Dut) -> None:
    device = load(dut, IdentityBackend())
    device.connect()
    inputs = [bytes([value] * 8) for value in range(20)]
    timed, streamed = [], []
    for _ in range(2):
        with dut.timed():
            timed.append([device.infer(data) for data in inputs])
        streamed.append([device.infer(data).output for data in inputs])
    # The first warms the caches.
    assert timed[0][1:] == timed[1][1:]
    assert streamed == [[inference.output for inference in run] for run in timed]


def test_the_steps_make_up_the_inference(dut: Dut) -> None:
    device = load(dut, TAKES_A_MILLION_CYCLES)
    device.connect()
    cycles = device.infer(SAMPLE).cycles
    steps = device.profile(SAMPLE)
    assert len(steps) == 2
    assert cycles > 250_000
    assert steps[0] > 250_000 > 10_000 > steps[1] > 0
    assert sum(steps) == pytest.approx(cycles, rel=1e-3)


@pytest.mark.parametrize("words", [64, 400])
def test_the_watermark_tells_how_deep_the_stack_went(dut: Dut, words: int) -> None:
    usage = f"volatile uint32_t deep[{words}]; for (uint32_t i = 0; i < {words}; i++) {{ deep[i] = i; }}"
    device = load(dut, IdentityBackend(usage))
    info = device.connect()
    assert info.stack_reserved == 8192
    before = device.stack_bytes()
    device.infer(SAMPLE)
    assert device.stack_bytes() >= 4 * words
    assert device.stack_bytes() == pytest.approx(before + 4 * words, abs=300)


def test_the_trigger_is_high_for_the_length_of_each_inference(dut: Dut) -> None:
    assert dut.energy is not None
    device = load(dut, TAKES_A_MILLION_CYCLES)
    device.connect()
    with dut.timed():
        dut.energy.start()
        cycles = [device.infer(SAMPLE).cycles for _ in range(3)]
        trace = dut.energy.stop()
    energies = trace.window_energies_j()
    assert len(energies) == 3
    seconds = sum(cycles) / dut.spec.target.clock_hz
    assert trace.trigger.sum() / trace.sample_rate_hz == pytest.approx(seconds, abs=3 * 2 / trace.sample_rate_hz)
