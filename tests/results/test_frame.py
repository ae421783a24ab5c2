"""Runs load as one table with the documented columns, in SI units."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import harness.results
from harness.bench.outcome import Outcome, Status
from harness.bench.quantities import QUANTITIES
from harness.errors import ResultsError
from harness.results.store import RunDirectory
from tests.reports.sample_records import sample_facts, sample_records


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory.create(tmp_path, sample_facts(), "one")
    for record in sample_records():
        run.append(record)
    return run


def test_a_row_holds_what_the_record_holds(run: RunDirectory) -> None:
    frame = harness.results.load(run.path).set_index("case")
    for record in sample_records():
        row = frame.loc[record.case]
        assert (row["model"], row["board"], row["outcome"]) == (
            record.candidate.model,
            record.candidate.board,
            record.outcome.status,
        )
        for quantity in QUANTITIES:
            found = record.measurement(quantity)
            if found is None:
                assert pd.isna(row[quantity])
                assert pd.isna(row[f"{quantity}_provenance"])
            else:
                assert row[quantity] == found.value
                assert row[f"{quantity}_spread"] == found.spread
                assert row[f"{quantity}_provenance"] == found.provenance


def test_the_documented_columns_are_those_there_are(run: RunDirectory) -> None:
    documented = []
    for line in (harness.results.load.__doc__ or "").splitlines():
        if line.strip().startswith("| `"):
            documented += re.findall(r"`([^`]+)`", line.split("|")[1])
    plain = [name for name in documented if "<quantity>" not in name]
    measured = [name.replace("<quantity>", one) for one in QUANTITIES for name in documented if "<quantity>" in name]
    assert set(harness.results.load(run.path).columns) == {*plain, *measured}


def test_numbers_are_numbers_and_times_are_times(run: RunDirectory) -> None:
    types = harness.results.load(run.path).dtypes
    assert types["latency"] == "float64"
    assert types["accuracy"] == "float64"
    assert types["flash_capacity"] == "int64"
    assert isinstance(types["started"], pd.DatetimeTZDtype)
    assert types["outcome"] == "category"


def test_runs_and_files_are_put_together(run: RunDirectory) -> None:
    other = RunDirectory.create(run.path.parent, sample_facts(), "two")
    other.append(sample_records()[0])
    frame = harness.results.load(run.path, other.records_file)
    assert frame["run"].value_counts().to_dict() == {"one": 12, "two": 1}


def test_the_last_attempt_counts_unless_all_are_asked_for(run: RunDirectory) -> None:
    last = replace(sample_records()[0], outcome=Outcome(Status.BUILD_FAILED, "no"))
    run.append(last)
    frame = harness.results.load(run.path)
    assert len(frame) == 12
    assert frame.set_index("case").loc[last.case, "outcome"] == "build failed"
    assert len(harness.results.load(run.path, every_attempt=True)) == 13


def test_a_run_without_records_gives_the_columns_alone(tmp_path: Path, run: RunDirectory) -> None:
    empty = RunDirectory.create(tmp_path, sample_facts())
    frame = harness.results.load(empty.path)
    assert len(frame) == 0
    assert list(frame.columns) == list(harness.results.load(run.path).columns)


def test_a_path_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="nowhere"):
        harness.results.load(tmp_path / "nowhere")


def test_pandas_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, harness.results; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
