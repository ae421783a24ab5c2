"""The backend of docs/adding-a-backend.md: installed as the page says, it compiles, runs and is judged like ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from harness.results.store import RunDirectory
from tests.deploy.tiny_model import TinyModel

PAGE = REPOSITORY / "docs" / "adding-a-backend.md"
EXAMPLE = REPOSITORY / "docs" / "examples" / "naive_dense"
SUITE = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("model", ["dense.tflite", "other.tflite"])
def test_candidate(model, deploy, measure):
    measure(deploy(Path(model), backend="naive_dense"))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """That of a process which has the example installed beside the harness."""
    copy, site = (tmp_path_factory.mktemp(name) for name in ("copy", "site"))
    for file in EXAMPLE.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(site), str(copy)], check=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(REPOSITORY)]), "PYTEST_ADDOPTS": ""}


def write_models(directory: Path) -> None:
    """Three dense layers, the second without a bias; and one that is followed by an operator the example lacks."""
    rng = np.random.default_rng(0)
    for name, last in (("dense", "FULLY_CONNECTED"), ("other", "TANH")):
        tiny = TinyModel()
        tensors = [tiny.tensor((1, size), "float32") for size in (12, 7, 9, 9)]
        for k, (inputs, outputs) in enumerate(((12, 7), (7, 9), (9, 9))):
            if k == 2 and last == "TANH":
                tiny.operator("TANH", tensors[2:3], tensors[3])
                continue
            weights = tiny.tensor((outputs, inputs), "float32", data=rng.normal(size=(outputs, inputs)))
            bias = -1 if k == 1 else tiny.tensor((outputs,), "float32", data=rng.normal(size=outputs))
            activation = schema.ActivationFunctionType.RELU if k < 2 else schema.ActivationFunctionType.NONE
            options = {"fusedActivationFunction": activation}
            tiny.operator(
                "FULLY_CONNECTED", [tensors[k], weights, bias], tensors[k + 1], "FullyConnectedOptions", **options
            )
        tiny.write(directory / f"{name}.tflite", tensors[:1], tensors[3:])


def run(environment: dict[str, str], *command: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**environment, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_page_shows_the_files_as_they_are() -> None:
    page = PAGE.read_text()
    for name in ("naive_dense.py", "pyproject.toml"):
        assert (EXAMPLE / name).read_text().strip() in page, f"docs/adding-a-backend.md shows another {name}"


def test_it_is_listed_with_its_version(environment: dict[str, str]) -> None:
    done = run(environment, "-c", "from harness.cli import main; main()", "backend", "list")
    assert "naive-dense 1.0" in done.stdout, done.stderr


def test_its_model_agrees_with_the_host_and_another_is_unsupported(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "test_naive.py").write_text(SUITE)
    write_models(tmp_path)
    (tmp_path / "rack.yaml").write_text("duts:\n  - {name: v0, board: nucleo_l4r5zi, kind: virtual}\n")
    options = ("--rack", "rack.yaml", "--repeats", "2", "-p", "no:cacheprovider")
    done = run(environment, "-m", "pytest", "-q", *options, cwd=tmp_path)
    records = {record.candidate.model: record for record in RunDirectory.open("latest", tmp_path / "runs").records()}
    dense, other = records["dense"], records["other"]
    assert dense.outcome.status is Status.PASSED, done.stdout
    difference = dense.measurement("max_difference")
    assert difference is not None
    assert difference.value < 1e-5
    assert [layer.macs for layer in dense.layers] == [84, 63, 81]
    assert other.outcome.status is Status.UNSUPPORTED
    assert "(TANH): the operator is not supported" in other.outcome.reason
