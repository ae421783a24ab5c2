"""A run's records survive kills, torn lines, full disks and several writers, and name the line that is none."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.errors import ResultsError
from harness.line_file import append_line
from harness.results.record import SCHEMA, Record
from harness.results.run import RunFacts, list_runs, new_run_id
from harness.results.store import RunDirectory, TornRecordWarning, read_records
from tests.reports.sample_records import sample_facts, sample_records

WRITER = """
import sys
from dataclasses import replace
from harness.results.record import Record
from harness.results.store import RunDirectory
run, name, count = RunDirectory.open(sys.argv[1]), sys.argv[2], int(sys.argv[3])
record = Record.from_json(sys.stdin.read())
for number in range(count):
    run.append(replace(record, case=f"{name}-{number}"))
    print(number, flush=True)
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs", sample_facts())


def start_writer(run: RunDirectory, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(run.path), name, str(count)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdin is not None
    writer.stdin.write(sample_records()[0].to_json())
    writer.stdin.close()
    return writer


def test_records_come_back_as_they_were_written(run: RunDirectory) -> None:
    for record in sample_records():
        run.append(record)
    assert run.records() == sample_records()
    assert run.facts == sample_facts()


def test_a_run_without_records_has_none(run: RunDirectory) -> None:
    assert run.records() == []
    assert run.finished() == {}


def test_values_that_are_no_numbers_survive(run: RunDirectory) -> None:
    odd = Measurement("max_difference", float("inf"), "1", (float("inf"), float("nan")), Provenance.SIMULATED)
    run.append(replace(sample_records()[0], measurements=(odd,)))
    (found,) = run.records()[0].measurements
    assert found.value == float("inf")
    assert str(found.samples[1]) == "nan"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_file_cut_at_any_byte_keeps_all_earlier_records_and_takes_new_ones(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = sample_records()[:3]
    content = b"".join(record.to_json().encode() + b"\n" for record in records)
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path_factory.mktemp("cut") / "records.jsonl"
    path.write_bytes(content[:cut])
    whole = content[:cut].count(b"\n")
    if content[:cut].endswith(b"\n") or not cut:
        assert read_records(path) == records[:whole]
    else:
        with pytest.warns(TornRecordWarning, match=f"line {whole + 1}"):
            assert read_records(path) == records[:whole]
    append_line(path, records[2].to_json().encode())
    assert read_records(path) == [*records[:whole], records[2]]


def test_a_torn_line_longer_than_a_block_is_cut_off_whole(run: RunDirectory) -> None:
    record = sample_records()[0]
    run.append(record)
    with run.records_file.open("ab") as file:
        file.write(b"x" * 200_000)
    run.append(record)
    assert run.records() == [record, record]


def test_processes_that_append_at_once_lose_and_mix_nothing(run: RunDirectory) -> None:
    writers = [start_writer(run, f"writer{number}", 40) for number in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    cases = [record.case for record in run.records()]
    for number in range(3):
        assert [case for case in cases if case.startswith(f"writer{number}-")] == [
            f"writer{number}-{count}" for count in range(40)
        ]


def test_killed_writers_keep_every_record_they_reported(run: RunDirectory) -> None:
    reported: set[str] = set()
    for attempt in range(4):
        writers = {name: start_writer(run, name, 100_000) for name in (f"a{attempt}", f"b{attempt}")}
        for writer in writers.values():
            assert writer.stdout is not None
            assert writer.stdout.readline() == "0\n"
        time.sleep(random.Random(attempt).uniform(0.0, 0.2))
        for name, writer in writers.items():
            writer.send_signal(signal.SIGKILL)
            assert writer.stdout is not None
            output = writer.stdout.read()
            writer.wait()
            reported |= {f"{name}-{number}" for number in ["0", *output.split("\n")[:-1]]}
    run.append(replace(sample_records()[0], case="after"))
    assert reported | {"after"} <= {record.case for record in run.records()}


def test_a_full_disk_is_one_clear_error_and_earlier_records_stay(run: RunDirectory) -> None:
    record = sample_records()[0]
    run.append(record)
    before = run.records_file.read_bytes()
    # A limit on file sizes stops a write in its middle, as a full disk does.
    limit = len(before) + 100
    done = subprocess.run(
        [sys.executable, "-c", LIMIT_FILE_SIZE.format(limit=limit) + WRITER, str(run.path), "x", "1"],
        input=record.to_json(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "ResultsError" in last
    assert "earlier records are intact" in last
    assert run.records_file.read_bytes() == before
    run.append(record)
    assert run.records() == [record, record]


LIMIT_FILE_SIZE = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
"""


def test_a_reader_waits_for_the_line_that_is_being_written(run: RunDirectory) -> None:
    record = sample_records()[0]
    run.append(record)
    with run.records_file.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(run.path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        line = record.to_json().encode() + b"\n"
        os.write(file.fileno(), line[:50])
        time.sleep(0.2)
        os.write(file.fileno(), line[50:])
    output, errors = reader.communicate(timeout=30)
    assert (output, errors) == ("2\n", "")


READER = """
import sys
from harness.results.store import RunDirectory
print("reading", flush=True)
print(len(RunDirectory.open(sys.argv[1]).records()))
"""


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"case": 3}',
        sample_records()[0].to_json().replace('"passed"', '"excellent"').encode(),
        sample_records()[0].to_json().replace('"flash_bytes":', '"flash_bytes":"many",').encode(),
    ],
    ids=["text", "empty", "list", "bytes", "deep", "types", "outcome", "number"],
)
def test_a_line_that_is_no_record_is_named(run: RunDirectory, line: bytes) -> None:
    run.append(sample_records()[1])
    with run.records_file.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(ResultsError, match=r"records\.jsonl:2: "):
        run.records()


def test_a_record_of_another_schema_is_refused(run: RunDirectory) -> None:
    run.append(replace(sample_records()[0], schema=SCHEMA + 1))
    with pytest.raises(ResultsError, match=rf"records\.jsonl:1: written in schema {SCHEMA + 1}"):
        run.records()


def test_finished_leaves_out_infrastructure_errors_and_takes_the_last_of_a_case(run: RunDirectory) -> None:
    first = sample_records()[0]
    broken = replace(first, outcome=Outcome(Status.INFRASTRUCTURE_ERROR, "cable"))
    other = replace(first, case="other", outcome=Outcome(Status.DOES_NOT_FIT, "no", 12))
    for record in (broken, first, other, replace(other, case="again"), replace(broken, case="again")):
        run.append(record)
    assert run.finished() == {first.case: first, "other": other}
    assert list(run.results()) == [first.case, "other", "again"]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.INFRASTRUCTURE_ERROR])
def test_every_other_outcome_is_final(run: RunDirectory, status: Status) -> None:
    run.append(replace(sample_records()[0], outcome=Outcome(status)))
    assert len(run.finished()) == 1


def test_run_ids_sort_by_time_and_differ_within_a_second() -> None:
    moments = [datetime(2026, 11, 20, hour, 16, 5, tzinfo=UTC) for hour in range(24)]
    ids = [new_run_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert ids[10].startswith("2026-11-20T10-16-05-")
    assert len({new_run_id(moments[0]) for _ in range(20)}) > 1


def test_runs_made_in_the_same_second_are_different_and_the_later_is_the_latest(tmp_path: Path) -> None:
    runs = [RunDirectory.create(tmp_path, RunFacts.now(("pytest",))) for _ in range(20)]
    assert len({run.path for run in runs}) == 20
    assert list_runs(tmp_path) == [run.path for run in runs]
    assert RunDirectory.open("latest", tmp_path) == runs[-1]


def test_a_run_is_found_by_path_by_id_and_by_its_records_file(run: RunDirectory) -> None:
    root = run.path.parent
    run.append(sample_records()[0])
    assert RunDirectory.open(run.path) == run
    assert RunDirectory.open(run.run_id, root) == run
    assert RunDirectory.open(run.records_file) == run


def test_an_unknown_run_names_those_there_are(run: RunDirectory) -> None:
    with pytest.raises(ResultsError, match=f"no run 'nothing'.*{run.run_id}"):
        RunDirectory.open("nothing", run.path.parent)


def test_latest_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no run in"):
        RunDirectory.open("latest", tmp_path / "runs")


def test_a_damaged_run_does_not_hide_the_others(run: RunDirectory) -> None:
    damaged = run.path.parent / "zzz"
    damaged.mkdir()
    (damaged / "meta.json").write_text("{")
    assert RunDirectory.open("latest", run.path.parent) == run
    with pytest.raises(ResultsError, match=r"zzz/meta\.json"):
        _ = RunDirectory.open(damaged).facts


def test_a_chosen_id_is_never_taken_twice(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path, sample_facts(), "nightly")
    run.append(sample_records()[0])
    with pytest.raises(ResultsError, match="nightly exists already"):
        RunDirectory.create(tmp_path, sample_facts(), "nightly")
    assert len(run.records()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["nightly"]


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "latest", "a b", "x" * 200])
def test_an_id_that_is_no_name_for_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ResultsError, match="run id"):
        RunDirectory.create(tmp_path, sample_facts(), name)


def test_a_root_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.write_text("")
    with pytest.raises(ResultsError, match="can't make a run"):
        RunDirectory.create(root, sample_facts())


def test_each_record_is_one_line_of_json(run: RunDirectory) -> None:
    run.append(replace(sample_records()[0], case="two\nlines\u2028and more"))
    (line,) = run.records_file.read_bytes().splitlines()
    assert json.loads(line)["case"] == "two\nlines\u2028and more"
    assert Record.from_json(line) == run.records()[0]
