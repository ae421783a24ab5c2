"""Data sets as people have them on disk, through the acceptance suite, judged by their task on a virtual board."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.bench.outcome import Status
from harness.model.datasets import load_named
from harness.model.reference import run_reference
from harness.optimize import Quantization, make_variant
from harness.results.record import Record
from tests.model.datasets.on_disk_sets import tone, write_idx, write_wav
from tests.testsuites import acceptance_run
from tests.testsuites.acceptance_run import value


def accept(runs: Path, model: Path, dataset: Path, *limits: str, code: int = 0) -> Record:
    options = ["--dataset", str(dataset), "--repeats", "1", *(f"--limit={limit}" for limit in limits)]
    return acceptance_run.accept(runs, model, *options, code=code)


def test_digits_in_mnists_files_are_judged_by_top1_and_f1(tmp_path: Path) -> None:
    digits = load_named("digits", "test")
    images = np.rint(digits.samples[:60, ..., 0] * 255).astype(np.uint8)
    (tmp_path / "digits").mkdir()
    write_idx(tmp_path / "digits", "t10k", images, digits.labels[:60].tolist(), packed=True)
    model = make_variant("lenet5_digits", Quantization.INT8).model.path
    record = accept(tmp_path / "runs", model, tmp_path / "digits", "accuracy >= 90 %", "macro_f1 >= 0.9")
    assert record.outcome.status is Status.PASSED, record.outcome
    assert 0.9 <= value(record, "accuracy") <= 1
    assert 0.9 <= value(record, "macro_f1") <= 1
    assert value(record, "argmax_agreement") == 1


@pytest.mark.slow
def test_recordings_are_judged_by_the_area_under_the_curve(tmp_path: Path) -> None:
    """The autoencoder is untrained, so that what its errors say of a recording means nothing; but it is computed."""
    noise = np.random.default_rng(0)
    for number in range(4):
        name = f"{'anomaly' if number % 2 else 'normal'}_id_01_{number}.wav"
        sound = tone(400, 2) + noise.normal(0, 1000 * (1 + number), 32_000)
        write_wav(tmp_path / "machines" / name, sound[: 512 * 57])
    model = make_variant("ad_autoencoder", Quantization.INT8).model.path
    record = accept(tmp_path / "runs", model, tmp_path / "machines", "auc >= 0", "auc <= 1")
    assert record.outcome.status is Status.PASSED, record.outcome
    assert value(record, "auc") in (0, 0.25, 0.5, 0.75, 1)


@pytest.mark.slow
def test_values_in_a_table_are_judged_by_their_errors(tmp_path: Path) -> None:
    """A perceptron that has learnt a sine for one epoch, badly: its errors on the board are those on the host."""
    x = np.linspace(0, 6.28, 40).round(6)
    y = (np.sin(x) / 2 + 0.5).round(6)
    (tmp_path / "sine.csv").write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    model = make_variant("fc_0?epochs=1", Quantization.FLOAT32).model
    record = accept(tmp_path / "runs", model.path, tmp_path / "sine.csv", "mae <= 0.5", "rmse <= 0.001", code=1)
    assert record.outcome.status is Status.CONSTRAINT_FAILED
    assert "rmse" in record.outcome.reason
    errors = run_reference(model, x.astype(np.float32)[:, None])[:, 0].astype(np.float64) - y
    assert value(record, "mae") == pytest.approx(np.abs(errors).mean(), rel=1e-3)
    assert value(record, "rmse") == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-3)
