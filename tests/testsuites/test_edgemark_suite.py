"""EdgeMark's suite: a network is trained on noise, converted, built, and judged on a virtual board."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.edgemark_table import cell
from harness.bench.outcome import Status
from harness.deploy.tvm import TvmBackend
from harness.paths import REPOSITORY
from harness.results.store import RunDirectory


@pytest.mark.slow
def test_small_networks_end_in_answers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "testsuites/edgemark", "--explore", "--board", "nucleo_l4r5zi"]
    command += ["-k", "(fc_3 or simple_rnn_0) and tvm", "--runs", str(tmp_path), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout
    records = RunDirectory.open("latest", tmp_path).records()
    assert {one.candidate.model for one in records} == {"fc_3", "simple_rnn_0"}
    claims = TvmBackend().claims().operators
    assert len(claims) >= 3
    for record in records:
        claimed = record.candidate.quantization in claims
        assert record.outcome.status is (Status.PASSED if claimed else Status.UNSUPPORTED), record.outcome
        assert record.training is not None
        assert len(record.training.epochs) == 1
        assert cell(record).endswith("s") == claimed
