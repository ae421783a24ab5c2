"""What variants are worth on a board: the whole test split through virtual silicon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from harness.results.record import Record
from harness.results.run import list_runs
from harness.results.store import RunDirectory

BOARD = "nucleo_l4r5zi"


def run_suite(runs: Path, file: str, choice: str) -> list[Record]:
    """The records of a suite of `testsuites/variants` that explores."""
    command = [sys.executable, "-m", "pytest", f"testsuites/variants/{file}", "--explore", "-q", "-k", choice]
    done = subprocess.run(
        [*command, "--board", BOARD, "--runs", str(runs)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    (run,) = list_runs(runs)
    records = list(RunDirectory(run).results().values())
    assert records, done.stdout
    return records


def value(record: Record, quantity: str) -> float:
    found = record.measurement(quantity)
    assert found is not None, record
    return found.value


@pytest.mark.slow
def test_lenet_reads_98_of_100_digits_and_no_quantization_that_a_backend_claims_costs_half_a_point(
    tmp_path: Path,
) -> None:
    records = run_suite(tmp_path, "test_variants.py", "test_quantized")
    claimed = {
        (one.candidate.backend, one.candidate.quantization): one
        for one in records
        if one.outcome.status is not Status.UNSUPPORTED
    }
    assert {("tvm", "float32"), ("tvm", "int8"), ("tvm", "int8_float_io")} <= claimed.keys()
    real = value(claimed["tvm", "float32"], "accuracy")
    assert real >= 0.98
    for record in claimed.values():
        assert record.outcome.status is Status.PASSED, record.outcome
        assert value(record, "accuracy") >= real - 0.005


@pytest.mark.slow
def test_half_of_the_channels_saves_resnet8_more_than_1_8_times_the_cycles(tmp_path: Path) -> None:
    records = run_suite(tmp_path, "test_channels.py", "resnet8")
    whole, half = (next(one for one in records if one.candidate.optimize == words) for words in ("", "channels50"))
    assert value(whole, "cycles") >= 1.8 * value(half, "cycles")
    assert value(half, "accuracy") >= value(whole, "accuracy") - 0.02
    assert value(half, "model_size") < 0.4 * value(whole, "model_size")
