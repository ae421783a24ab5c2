"""A benchmark run across all its processes: its directory, its rack, its limits, and the cases it has finished."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import ResultsError
from harness.results.run import RunFacts, new_run_id
from harness.results.store import RunDirectory

if TYPE_CHECKING:
    from harness.board.rack import Rack
    from harness.explore.constraint import Constraint
    from harness.results.record import Candidate, Record

SESSION: pytest.StashKey[Session] = pytest.StashKey()


@dataclass
class Session:
    """What the cases of a run share, in the main process and, under xdist, in every worker.

    Attributes:
        runs: where run directories are kept.
        run_id: the same in all processes; the directory is made when the first case ends.
        command: the command line of the main process.
    """

    config: pytest.Config
    runs: Path
    run_id: str
    command: tuple[str, ...]
    _directory: RunDirectory | None = field(default=None, init=False)

    @classmethod
    def of(cls, config: pytest.Config) -> Session:
        """The session of this process; a worker takes the main process's run id.

        Raises:
            ResultsError: the run to resume does not exist.
        """
        runs = config.rootpath / str(config.getoption("--runs"))
        command = (Path(sys.argv[0]).name.replace("__main__.py", "pytest"), *sys.argv[1:])
        worker_input: Mapping[str, Any] = getattr(config, "workerinput", {})
        resumed = config.getoption("--resume")
        if "harness_run_id" in worker_input:
            return cls(config, runs, worker_input["harness_run_id"], tuple(worker_input["harness_command"]))
        if resumed:
            directory = RunDirectory.open(resumed, runs)
            return cls(config, directory.path.parent, directory.run_id, command)
        return cls(config, runs, new_run_id(), command)

    @cached_property
    def rack(self) -> Rack:
        """The boards of this run."""
        from harness.board.rack import load_rack
        from harness.board.timing_mode import TimingMode

        rack = load_rack(Path(self.config.getoption("--rack")))
        timing = self.config.getoption("--timing")
        return rack.with_timing(TimingMode(timing)) if timing else rack

    @cached_property
    def boards(self) -> list[str]:
        """Names of the boards to run on, in the rack's order, each once.

        Raises:
            ConfigError: a board was asked for that the rack does not have.
        """
        from harness.errors import ConfigError

        known = list(dict.fromkeys(entry.board for entry in self.rack.duts))
        wanted: list[str] = self.config.getoption("--board")
        for name in wanted:
            if name not in known:
                raise ConfigError(f"--board {name}: the rack has {', '.join(known)}")
        return [name for name in known if not wanted or name in wanted]

    @cached_property
    def finished(self) -> Mapping[str, Record]:
        """The cases that a resumed run need not run again."""
        directory = self.directory
        return directory.finished() if self.config.getoption("--resume") and directory else {}

    @property
    def directory(self) -> RunDirectory | None:
        """The run's directory, if any process has made it."""
        if self._directory is None:
            try:
                self._directory = RunDirectory.open(self.runs / self.run_id, self.runs)
            except ResultsError:
                return None
        return self._directory

    def append(self, record: Record) -> None:
        """Keep a record; the first one makes the run's directory."""
        if self.directory is None:
            try:
                self._directory = RunDirectory.create(self.runs, self._facts(), self.run_id)
            except ResultsError:
                # Another worker may have been first.
                if self.directory is None:
                    raise
        assert self._directory is not None
        self._directory.append(record)

    @cached_property
    def command_line_limits(self) -> tuple[Constraint, ...]:
        """The constraints given by `--limit`.

        Raises:
            ConfigError: one of them is none.
        """
        from harness.explore.constraint import parse_constraint

        return tuple(parse_constraint(text) for text in self.config.getoption("--limit"))

    def _facts(self) -> RunFacts:
        limits = list(self.config.getoption("--limit"))
        if named := self.config.getoption("--limits"):
            limits.append(f"those of {named}")
        return RunFacts.now(self.command, tuple(limits), _within(self.config.getoption("--rack"), self.config.rootpath))

    def check_limits(self) -> None:
        """Read what limits the command line gives, so that a typo ends the run before it begins.

        Raises:
            ConfigError: one of them is none, or the limits file is not one.
        """
        from harness.explore.limits_file import read_limits_file

        _ = self.command_line_limits
        if named := self.config.getoption("--limits"):
            read_limits_file(Path(named))

    def limits_for(self, candidate: Candidate, item: pytest.Item) -> tuple[Constraint, ...]:
        """The constraints on a candidate: of the limits file, the test's markers, and the command line, which wins."""
        from harness.explore.constraint import merge, parse_constraint
        from harness.explore.limits_file import read_limits_file

        file = self._limits_file(item)
        of_file = read_limits_file(file).limits_for(candidate) if file else ()
        of_markers = [parse_constraint(text) for marker in item.iter_markers("limit") for text in marker.args]
        return merge(of_file, of_markers, self.command_line_limits)

    def _limits_file(self, item: pytest.Item) -> Path | None:
        named = self.config.getoption("--limits")
        if named:
            return Path(named)
        beside = item.path.with_name("limits.toml")
        return beside if beside.exists() else None


def _within(path: str, root: Path) -> str:
    """A path as people know it: relative to the root where it lies below."""
    absolute = Path(path).absolute()
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else path
