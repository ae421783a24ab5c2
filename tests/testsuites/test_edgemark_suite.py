"""EdgeMark's suite: a network is trained on noise, converted, built, and judged on a virtual board."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.edgemark_table import cell
from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from harness.results.store import RunDirectory


@pytest.mark.slow
def test_small_networks_end_in_answers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "testsuites/edgemark", "--explore", "--board", "nucleo_l4r5zi"]
    command += ["-k", "(fc_3 or simple_rnn_0) and tvm", "--runs", str(tmp_path), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout
    records = {one.candidate.model: one for one in RunDirectory.open("latest", tmp_path).records()}
    assert records.keys() == {"fc_3", "simple_rnn_0"}
    passed = records["fc_3"]
    assert passed.outcome.status is Status.PASSED
    assert passed.training is not None
    assert len(passed.training.epochs) == 1
    assert cell(passed).endswith("s")
