"""MLPerf Tiny's reference models through the acceptance suite: one command from file to verdict, on a virtual board."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from harness.results.record import Record
from tests.testsuites import acceptance_run
from tests.testsuites.acceptance_run import value

SHARED = REPOSITORY.parent / "shared"
MODELS = SHARED / "models" / "mlperf_tiny"
WORDS = SHARED / "data" / "kws01"
pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason=f"{MODELS} is not on this machine")


def accept(runs: Path, model: str, *options: str) -> Record:
    return acceptance_run.accept(runs, MODELS / f"{model}.tflite", *options)


@pytest.mark.parametrize("model", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"])
def test_the_board_gives_the_hosts_bytes(tmp_path: Path, model: str) -> None:
    record = accept(tmp_path, model, "--limit", "max_difference <= 1", "--limit", "arena <= 64 KiB")
    assert record.outcome.status is Status.PASSED
    assert value(record, "max_difference") <= 1
    assert len(record.layers) > 1
    assert sum(layer.macs for layer in record.layers) == record.macs
    # Timing the steps one by one costs a little itself.
    assert sum(layer.cycles for layer in record.layers) == pytest.approx(value(record, "cycles"), rel=0.01)


def test_191_of_200_spoken_words_are_recognized_on_the_board(tmp_path: Path) -> None:
    if not WORDS.is_dir():
        pytest.skip(f"{WORDS} is not on this machine")
    record = accept(tmp_path, "kws_ref_model", "--dataset", str(WORDS), "--limit", "accuracy >= 90 %")
    assert value(record, "accuracy") == 191 / 200
    assert value(record, "argmax_agreement") == 1
