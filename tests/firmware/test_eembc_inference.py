"""What firmware that speaks EEMBC's protocol computes and times: as with the bench protocol, and as the host does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.bench.device import Device
from harness.bench.mlperf import device as device_module
from harness.bench.mlperf.device import MlperfDevice
from harness.board.dut import Dut
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.deploy.image import symbol_at
from harness.errors import FirmwareError, FirmwareFaultError, FirmwareHangError
from harness.model.dataset import Dataset
from harness.model.datasets.stimuli import made_up_stimuli
from harness.model.mlperf_tiny import Benchmark, SampleFormat, find_benchmark
from harness.model.reference import run_reference
from harness.model.samples import quantize_samples
from harness.optimize import variant_of_file
from harness.optimize.variant import Variant
from harness.paths import REPOSITORY
from tests.deploy.identity_backend import (
    FAILS_TO_START,
    FAULTS,
    HANGS,
    OVERFLOWS_STACK,
    RETURNS_ERROR,
    TAKES_A_MILLION_CYCLES,
    IdentityBackend,
    identity_variant,
)
from tests.firmware import bench_board
from tests.firmware.eembc_board import EEMBC, start, virtual_board

MODELS = REPOSITORY.parent / "shared" / "models" / "mlperf_tiny"
SAMPLE = bytes([1, 2, 250, 4, 5, 6, 7, 8])


@pytest.fixture(scope="module")
def dut() -> Iterator[Dut]:
    with virtual_board() as board:
        yield board


def device_with(dut: Dut, backend: IdentityBackend) -> MlperfDevice:
    """Firmware with this backend's code, its sample loaded."""
    firmware = start(dut, backend)
    device = MlperfDevice(dut.console, firmware.elf)
    device.connect()
    device.load(SAMPLE)
    return device


def test_a_window_takes_as_long_as_its_inferences_with_the_bench_protocol(dut: Dut) -> None:
    device = device_with(dut, TAKES_A_MILLION_CYCLES)
    with dut.timed():
        answers = [device.infer(count, 1, 60.0) for count in (1, 10)]
    bench: Device = bench_board.load(dut, TAKES_A_MILLION_CYCLES)
    bench.connect()
    with dut.timed():
        seconds = [bench.infer(SAMPLE).cycles for _ in range(2)][-1] / dut.spec.target.clock_hz
    assert answers[0].microseconds * 1e-6 == pytest.approx(seconds, rel=1e-3)
    assert answers[1].microseconds * 1e-6 == pytest.approx(10 * seconds, rel=1e-3)


def test_every_inference_of_a_window_starts_from_the_sample(dut: Dut) -> None:
    # The code destroys its inputs: were they not written anew, the sums would grow from run to run.
    device = device_with(dut, IdentityBackend("for (uint32_t i = 0; i < sizeof second; i++) { second[i] += 3; }"))
    once, often = device.infer(1, 0, 10.0), device.infer(7, 5, 10.0)
    assert once.results == often.results


def test_the_trigger_is_high_for_the_length_of_the_window(dut: Dut) -> None:
    assert dut.energy is not None
    device = device_with(dut, TAKES_A_MILLION_CYCLES)
    with dut.timed():
        dut.energy.start()
        answers = [device.infer(count, 2, 60.0) for count in (3, 5)]
        trace = dut.energy.stop()
    assert len(trace.window_energies_j()) == 2
    seconds = sum(answer.microseconds for answer in answers) * 1e-6
    assert trace.trigger.sum() / trace.sample_rate_hz == pytest.approx(seconds, abs=4 / trace.sample_rate_hz)


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (FAULTS, r"PRECISERR.* at model_run\+0x\w+.*BFAR 0xf0000000"),
        (OVERFLOWS_STACK, r"stack overflow.*PRECISERR"),
    ],
    ids=["bus fault", "stack overflow"],
)
def test_a_fault_is_told_with_its_cause_and_place_and_again_when_asked(
    dut: Dut, backend: IdentityBackend, words: str
) -> None:
    device = device_with(dut, backend)
    for _ in range(2):
        with pytest.raises(FirmwareFaultError, match=words):
            device.infer(1, 0, 10.0)
    with pytest.raises(FirmwareFaultError, match=words):
        device.load(SAMPLE)


def test_a_hang_is_told_and_the_probe_finds_where(dut: Dut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "_PROMPT_S", 0.5)
    device = device_with(dut, HANGS)
    with pytest.raises(FirmwareHangError, match=r"did not answer 'infer 1 0' within 0\.5 s"):
        device.infer(1, 0, 0.5)
    elf = build_firmware(identity_variant(), dut.spec.target, HANGS, EEMBC).elf
    assert symbol_at(elf, dut.probe.program_counter()).startswith("model_run+")


@pytest.mark.parametrize(("backend", "number"), [(RETURNS_ERROR, -7), (FAILS_TO_START, -9)])
def test_an_error_of_the_models_code_is_told_by_its_number(dut: Dut, backend: IdentityBackend, number: int) -> None:
    device = device_with(dut, backend)
    with pytest.raises(FirmwareError, match=f"The model failed with error {number}"):
        device.infer(1, 0, 10.0)


def host_results(variant: Variant, benchmark: Benchmark, samples: list[bytes]) -> list[NDArray[np.float64]]:
    """What the TFLite interpreter makes of EEMBC's samples, as real numbers; of an autoencoder the error."""
    (source,), (output,) = variant.model.inputs, variant.model.outputs
    kinds = {SampleFormat.STORED: source.dtype, SampleFormat.PIXELS: "u1", SampleFormat.REALS: "<f4"}
    raw = np.stack([np.frombuffer(sample, kinds[benchmark.sample_format]) for sample in samples])
    if benchmark.sample_format is not SampleFormat.STORED:
        raw = raw.astype(np.float32) * np.float32(benchmark.pixel_scale)
    dataset = Dataset("raw", raw.reshape(-1, *benchmark.sample_shape), np.zeros(len(raw), np.int64), "")
    stored = run_reference(variant.model, quantize_samples(dataset, source)).reshape(len(raw), -1)
    real = (stored.astype(np.float64) - (output.zero_point or 0)) * (output.scale or 1.0)
    return list(((real - raw) ** 2).mean(axis=1, keepdims=True) if benchmark.reconstructs else real)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("kws_ref_model", "kws"),
        ("ad01_int8", "ad"),
        pytest.param("pretrainedResnet_quant", "ic", marks=pytest.mark.slow),
        pytest.param("pretrainedResnet", "ic", marks=pytest.mark.slow),
        pytest.param("vww_96_int8", "vww", marks=pytest.mark.slow),
    ],
)
def test_results_of_the_reference_models_are_the_hosts(dut: Dut, model: str, name: str) -> None:
    path = MODELS / f"{model}.tflite"
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    variant, benchmark = variant_of_file(path), find_benchmark(name)
    firmware = start(dut, find_backend("tvm"), variant)
    device = MlperfDevice(dut.console, firmware.elf)
    assert device.connect().model == benchmark.name
    samples = [next(one.samples()) for one in made_up_stimuli(benchmark, benchmark.sample_bytes, 3, seed=1)]
    for sample, expected in zip(samples, host_results(variant, benchmark, samples), strict=True):
        device.load(sample)
        # A step of int8 softmax, which is tolerated, is 1/256; what is printed has six decimals.
        assert device.infer(1, 0, 60.0).results == pytest.approx(expected, rel=2e-3, abs=1 / 256 + 1e-6)
