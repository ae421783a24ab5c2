"""`harness data`, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.cli import main
from tests.deploy.tiny_model import TinyModel
from tests.model.datasets.on_disk_sets import write_idx


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["data", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_known_sets_are_listed_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    listed = run("list")
    assert all(name in listed for name in ("digits", "mnist", "cifar100", "speech_commands", "toyadmos", "vww"))
    shown = run("show", "mnist")
    assert f"place: {tmp_path / 'mnist'}" in shown
    assert "md5:9fb629c4189551a2d022fa330f9573f3" in shown
    assert "at hand: no: harness data fetch mnist" in shown
    assert "nothing to fetch" in run("fetch", "digits")


def test_a_folder_is_shown_as_a_model_takes_it(tmp_path: Path) -> None:
    write_idx(tmp_path, "t10k", np.full((3, 28, 28), 255, np.uint8), [1, 1, 4])
    command = [sys.executable, "-c", "from harness.cli import main; main()", "data", "show", str(tmp_path)]
    command += ["--model", "lenet5_digits", "--quantization", "int8"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    assert "format: IdxFiles" in shown
    assert "task: classify\nsamples: 3 of 28x28x1 float32\nrange: 1 to 1\nlabels: 2 classes (1: 2, 4: 1)" in shown


def test_samples_that_do_not_fit_the_model_are_not_shown_as_if_they_did(tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y = tiny.tensor((1, 4), scale=0.1), tiny.tensor((1, 4), scale=0.1)
    tiny.operator("RELU", [x], y)
    tiny.write(tmp_path / "model.tflite", [x], [y])
    np.savez(tmp_path / "wide.npz", x=np.zeros((3, 5), np.float32), y=np.zeros(3, np.int64))
    result = CliRunner().invoke(
        main, ["data", "show", str(tmp_path / "wide.npz"), "--model", str(tmp_path / "model.tflite")]
    )
    assert result.exit_code == 1
    assert "samples have shape (5,), the model takes (4,)" in result.output


def test_what_is_neither_known_nor_there_is_refused() -> None:
    result = CliRunner().invoke(main, ["data", "show", "nowhere"])
    assert result.exit_code == 1
    assert "no data set 'nowhere' is known, and no such file" in result.output
