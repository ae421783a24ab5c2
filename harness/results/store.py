"""The records of a run: one line of JSON a case, appended by many processes, safe against a kill at any byte.

A line counts once its newline is on disk. Whatever follows the last newline was being written when a process died: a
reader leaves it out with a warning, and the next append cuts it off, so that every earlier record survives.
"""

from __future__ import annotations

import fcntl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.bench.outcome import Status
from harness.errors import ConfigError, ResultsError
from harness.line_file import append_line
from harness.results.record import SCHEMA, Record
from harness.results.run import RunFacts, find_run, make_run_directory, read_facts

RECORDS = "records.jsonl"
RUNS = Path("runs")


class TornRecordWarning(UserWarning):
    """The last line of a records file was cut short by a process that died while writing it."""


@dataclass(frozen=True)
class RunDirectory:
    """The directory of one run: `meta.json`, `records.jsonl`, and whatever pages are made from them.

    It holds no open file, so it may be handed to other processes and used from all of them at once.
    """

    path: Path

    @classmethod
    def create(cls, root: Path, facts: RunFacts, run_id: str = "") -> RunDirectory:
        """A new run below `root`, named by the time unless `run_id` is given.

        Raises:
            ResultsError: the name is taken or unfit, or the disk refuses.
        """
        return cls(make_run_directory(root, facts, run_id))

    @classmethod
    def open(cls, run: str | Path, root: Path = RUNS) -> RunDirectory:
        """An existing run, by path, by id below `root`, or `latest`.

        Raises:
            ResultsError: there is no such run.
        """
        return cls(find_run(run, root))

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.path.resolve().name

    @property
    def facts(self) -> RunFacts:
        """What the run was started with.

        Raises:
            ResultsError: meta.json is missing or is not one.
        """
        return read_facts(self.path)

    @property
    def records_file(self) -> Path:
        """Where the records are; it may not exist yet."""
        return self.path / RECORDS

    def append(self, record: Record) -> None:
        """Add one record; when this returns, it is on disk.

        Raises:
            ResultsError: the disk is full or refuses; the records before this one are as they were.
        """
        append_line(self.records_file, record.to_json().encode())

    def records(self) -> list[Record]:
        """Every record, in the order of writing; a case that was tried again has several.

        Raises:
            ResultsError: a line is not a record.
        """
        return read_records(self.records_file) if self.records_file.exists() else []

    def results(self) -> dict[str, Record]:
        """The last record of each case, which is the one that counts."""
        return {record.case: record for record in self.records()}

    def finished(self) -> Mapping[str, Record]:
        """The cases that `--resume` leaves alone: those whose last record tells something of the candidate.

        An infrastructure error does not, so such a case runs again.
        """
        return {
            case: record
            for case, record in self.results().items()
            if record.outcome.status is not Status.INFRASTRUCTURE_ERROR
        }


def read_records(path: Path) -> list[Record]:
    """The records of a file; an unfinished last line is left out with a `TornRecordWarning`.

    Raises:
        ResultsError: the file can't be read, or a line is not a record; the text names file and line.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            content = file.read()
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from error
    *lines, rest = content.split(b"\n")
    if rest:
        warnings.warn(f"{path}: left out line {len(lines) + 1}, which was cut short", TornRecordWarning, stacklevel=2)
    return [_read_line(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _read_line(path: Path, number: int, line: bytes) -> Record:
    try:
        record = Record.from_json(line)
    except ConfigError as error:
        raise ResultsError(f"{path}:{number}: {error}") from error
    if record.schema != SCHEMA:
        schemas = f"written in schema {record.schema}, but this harness reads schema {SCHEMA}"
        raise ResultsError(f"{path}:{number}: {schemas}; use the version that wrote it")
    return record
