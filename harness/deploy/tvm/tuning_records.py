"""What tuning has found: a line of JSON for each choice that was measured, kept beside the user's data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.cache import sha256
from harness.errors import ConfigError
from harness.line_file import append_line
from harness.paths import data_directory
from harness.value import Value

Choices = Mapping[str, tuple[int, ...]]
"""By task, the sizes of its tiles."""


@dataclass(frozen=True)
class TuningRecord(Value):
    """One choice, measured.

    Attributes:
        task: hash of the kernel before it is scheduled: its shapes, and what is fused into it.
        board: its name; memory and clock decide as much as the core.
        sizes: of the tiles, in the order in which they are chosen.
        cycles: of one call, the mean where a model calls it several times.
        compiler: TVM's version.
    """

    task: str
    board: str
    sizes: tuple[int, ...]
    cycles: float
    compiler: str


@dataclass(frozen=True)
class TuningFile:
    """All records there are."""

    path: Path

    @classmethod
    def of_user(cls) -> TuningFile:
        """The file that builds read: `HARNESS_TUNING`, else `tuning.jsonl` in the data directory."""
        return cls(Path(os.environ.get("HARNESS_TUNING") or data_directory() / "tuning.jsonl"))

    def append(self, record: TuningRecord) -> None:
        """Keep a record; when this returns, it is on disk.

        Raises:
            ResultsError: the disk is full or refuses.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        append_line(self.path, record.to_json().encode())

    def known(self, board: str, compiler: str) -> dict[str, dict[tuple[int, ...], float]]:
        """By task and sizes, the cycles on a board by a version of the compiler.

        Raises:
            ConfigError: a line is no record.
        """
        found: dict[str, dict[tuple[int, ...], float]] = {}
        for record in self._records:
            if (record.board, record.compiler) == (board, compiler):
                found.setdefault(record.task, {})[record.sizes] = record.cycles
        return found

    def best(self, board: str, compiler: str) -> dict[str, tuple[int, ...]]:
        """By task, the sizes that took the fewest cycles.

        Raises:
            ConfigError: a line is no record.
        """
        return {task: min(tried, key=tried.__getitem__) for task, tried in self.known(board, compiler).items()}

    @property
    def digest(self) -> str:
        """Changes with every record; empty where there is no file."""
        return sha256(self._content)[:16] if self._content else ""

    @cached_property
    def _content(self) -> bytes:
        # Without a newline behind it, a last line was cut short by a process that died.
        try:
            return self.path.read_bytes().rpartition(b"\n")[0]
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise ConfigError(f"{self.path}: {error.strerror}") from error

    @cached_property
    def _records(self) -> list[TuningRecord]:
        records = []
        for number, line in enumerate(self._content.splitlines(), 1):
            try:
                records.append(TuningRecord.from_json(line))
            except ConfigError as error:
                raise ConfigError(f"{self.path}:{number}: is no tuning record; delete the line, or the file") from error
        return records
