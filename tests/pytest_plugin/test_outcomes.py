"""Every way a case can end: each has its name and its reason, and takes no other case with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.bench.outcome import Status
from harness.results.record import Record
from tests.deploy.tiny_model import TinyModel
from tests.pytest_plugin.scenario import Scenario

EXPECTED = {
    "dense-tvm": (Status.PASSED, ""),
    "truncated-tvm": (Status.INVALID_INPUT, "truncated.tflite"),
    "unknown_operator-tvm": (Status.UNSUPPORTED, "COS"),
    "too_large-tvm": (Status.DOES_NOT_FIT, "flash"),
    "dense-hangs": (Status.FIRMWARE_FAILED, "model_run"),
    "dense-faults": (Status.FIRMWARE_FAILED, "0xf0000000"),
    "dense-overflows_stack": (Status.FIRMWARE_FAILED, "stack"),
    "dense-returns_error": (Status.FIRMWARE_FAILED, "-7"),
    "dense-does_not_compile": (Status.BUILD_FAILED, "this is not C"),
    "dense-identity": (Status.WRONG_OUTPUT, "differs from the host"),
    "dense-no_such_backend": (Status.INVALID_INPUT, "no_such_backend"),
    "last-tvm": (Status.PASSED, ""),
}


def unknown_operator(path: Path) -> None:
    model = TinyModel()
    source = model.tensor((1, 8), "float32")
    output = model.operator("COS", [source], model.tensor((1, 8), "float32"), "CosOptions")
    model.write(path, [source], [output])


def too_large(path: Path) -> None:
    """3 MiB of weights for a board with 2 MiB of flash."""
    model = TinyModel()
    size = 1774
    source = model.tensor((1, size), scale=0.1)
    weights = model.tensor((size, size), scale=0.01, data=np.ones((size, size), np.int8))
    bias = model.tensor((size,), "int32", scale=0.001, data=np.zeros(size))
    output = model.operator(
        "FULLY_CONNECTED", [source, weights, bias], model.tensor((1, size), scale=0.3), "FullyConnectedOptions"
    )
    model.write(path, [source], [output])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Record], str]:
    scenario = Scenario.make(tmp_path_factory.mktemp("outcomes"))
    whole = (scenario.path / "dense.tflite").read_bytes()
    (scenario.path / "truncated.tflite").write_bytes(whole[: len(whole) // 2])
    unknown_operator(scenario.path / "unknown_operator.tflite")
    too_large(scenario.path / "too_large.tflite")
    scenario.dense("last", units=5)
    cases = [case.rpartition("-") for case in EXPECTED]
    scenario.suite(*((model, backend) for model, _, backend in cases))
    output = scenario.run("--inference-timeout", "3", expect=1)
    return {case.removesuffix("-nucleo_l4r5zi"): record for case, record in scenario.records().items()}, output


@pytest.mark.parametrize("case", EXPECTED)
def test_each_ending_is_recorded_with_its_reason(run: tuple[dict[str, Record], str], case: str) -> None:
    status, reason = EXPECTED[case]
    outcome = run[0][case].outcome
    assert outcome.status is status, outcome.reason
    assert reason in outcome.reason


def test_what_does_not_fit_tells_the_missing_bytes(run: tuple[dict[str, Record], str]) -> None:
    outcome = run[0]["too_large-tvm"].outcome
    assert 900_000 < outcome.missing_bytes < 1_100_000


def test_a_wrong_output_keeps_what_was_measured(run: tuple[dict[str, Record], str]) -> None:
    record = run[0]["dense-identity"]
    latency, difference = record.measurement("latency"), record.measurement("max_difference")
    assert latency is not None
    assert latency.value > 0
    assert difference is not None
    assert difference.value > 1


def test_failures_are_shown_without_a_traceback(run: tuple[dict[str, Record], str]) -> None:
    assert "Traceback" not in run[1]
    assert "does not fit" in run[1]
