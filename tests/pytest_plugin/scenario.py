"""Benchmark runs as a user would start them: a suite, a rack and models in a folder, and pytest on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from harness.results.record import Record
from harness.results.run import list_runs
from harness.results.store import RunDirectory
from tests.deploy.tiny_model import TinyModel

SUITE = """
from pathlib import Path
import pytest

@pytest.mark.parametrize(("model", "backend"), {cases!r}, ids={ids!r})
def test_case(model, backend, deploy, measure):
    measure(deploy(Path(model), backend=backend))
"""

BACKENDS = ("HANGS", "FAULTS", "OVERFLOWS_STACK", "DOES_NOT_COMPILE", "RETURNS_ERROR")


@dataclass(frozen=True)
class Scenario:
    """A folder to run benchmarks in."""

    path: Path

    @classmethod
    def make(cls, path: Path, boards: Sequence[str] = ("nucleo_l4r5zi",), **dut_options: str) -> Scenario:
        """One virtual DUT of each board, the misbehaving backends installed, and a small model, `dense.tflite`."""
        scenario = cls(path)
        options = "".join(f", {name}: '{value}'" for name, value in dut_options.items())
        duts = (f"  - {{name: v{i}, board: {board}, kind: virtual{options}}}\n" for i, board in enumerate(boards))
        (path / "rack.yaml").write_text("duts:\n" + "".join(duts))
        scenario._install_backends()
        scenario.dense("dense")
        return scenario

    def dense(self, name: str, units: int = 8) -> Path:
        """A fully connected int8 layer from 8 inputs to `units` outputs."""
        model = TinyModel()
        weights = np.random.default_rng(0).integers(-127, 128, (units, 8))
        source = model.tensor((1, 8), scale=0.1)
        tensors = [source, model.tensor((units, 8), scale=0.01, data=weights)]
        tensors.append(model.tensor((units,), "int32", scale=0.001, data=np.arange(units)))
        output = model.operator(
            "FULLY_CONNECTED", tensors, model.tensor((1, units), scale=0.3), "FullyConnectedOptions"
        )
        path = self.path / f"{name}.tflite"
        model.write(path, [source], [output])
        return path

    def suite(self, *cases: tuple[str, str]) -> None:
        """The benchmark: a case for each model (without its ending) and backend."""
        ids = [f"{model}-{backend.lower()}" for model, backend in cases]
        named = [(f"{model}.tflite", backend.lower()) for model, backend in cases]
        (self.path / "test_bench.py").write_text(SUITE.format(cases=named, ids=ids))

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start pytest on the suite, and do not wait."""
        path = os.pathsep.join([str(self.path), str(REPOSITORY)])
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "--rack", "rack.yaml", "--color=no", *options],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str, expect: int | None = 0) -> str:
        """Run pytest on the suite; what it printed. `expect` is its exit code."""
        process = self.start(*options)
        output, _ = process.communicate(timeout=300)
        assert expect is None or process.returncode == expect, output
        return output

    @property
    def latest(self) -> RunDirectory:
        """The newest run."""
        return RunDirectory(list_runs(self.path / "runs")[-1])

    def records(self) -> dict[str, Record]:
        """Records of the newest run, by the case's id without the board's."""
        return {_short(case): record for case, record in self.latest.results().items()}

    def statuses(self) -> dict[str, Status]:
        """Their outcomes."""
        return {case: record.outcome.status for case, record in self.records().items()}

    def _install_backends(self) -> None:
        """The hand-written backends, as a package installed beside the harness would bring them."""
        module = "from tests.deploy import identity_backend as _made\n"
        module += "".join(f"def {name.lower()}():\n    return _made.{name}\n" for name in BACKENDS)
        module += "def identity():\n    return _made.IdentityBackend()\n"
        (self.path / "scenario_backends.py").write_text(module)
        metadata = self.path / "scenario_backends-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: scenario-backends\nVersion: 1\n")
        names = [*(name.lower() for name in BACKENDS), "identity"]
        lines = "".join(f"{name} = scenario_backends:{name}\n" for name in names)
        (metadata / "entry_points.txt").write_text(f"[tinyml_harness.backends]\n{lines}")


def _short(case: str) -> str:
    return case.partition("[")[2].removesuffix("]")
