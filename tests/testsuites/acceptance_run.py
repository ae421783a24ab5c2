"""One run of the acceptance suite in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness.paths import REPOSITORY
from harness.results.record import Record
from harness.results.store import RunDirectory


def accept(runs: Path, model: Path, *options: str, code: int = 0) -> Record:
    """The record of a model on the NUCLEO-L4R5ZI; pytest has to end with this code."""
    command = [sys.executable, "-m", "pytest", "-q", "testsuites/acceptance", "--board", "nucleo_l4r5zi"]
    command += ["--model", str(model), "--runs", str(runs), "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
    assert done.returncode == code, done.stdout
    (record,) = RunDirectory.open("latest", runs).records()
    return record


def value(record: Record, quantity: str) -> float:
    """The value of a quantity, which has to have been measured."""
    measurement = record.measurement(quantity)
    assert measurement is not None, quantity
    return measurement.value
