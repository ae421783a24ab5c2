"""A network of PyTorch that flattens pictures with their channels, from its file to the board's answers.

PyTorch flattens channels first and TFLite channels last, so that a TRANSPOSE stays between convolution and dense layer.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from tests.optimize.intake.extras import TORCH, needs
from tests.testsuites.acceptance_run import accept, value

pytestmark = [pytest.mark.slow, needs(TORCH)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("torch")
    command = [sys.executable, "-m", "tests.optimize.intake.torch_files", str(folder)]
    subprocess.run(command, check=True, cwd=REPOSITORY, capture_output=True)
    return folder


@pytest.mark.parametrize("name", ["flattened.pt2", "flattened.onnx"])
@pytest.mark.parametrize(("backend", "quantization"), [("tvm", "float32"), ("tvm", "int8"), ("cmsis_nn", "int8")])
def test_the_board_answers_as_the_host(tmp_path: Path, files: Path, name: str, backend: str, quantization: str) -> None:
    record = accept(tmp_path, files / name, "--backend", backend, "--quantization", quantization)
    assert record.outcome.status is Status.PASSED
    assert any("transpose" in name for layer in record.layers for name in layer.layers)
    # In steps of int8, and in real units: float32 sums in another order.
    assert value(record, "max_difference") <= (0 if quantization == "int8" else 1e-5)
