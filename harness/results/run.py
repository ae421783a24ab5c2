"""Where a run lives on disk, what it was started with, and how a run is named and found again."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import ConfigError, ResultsError
from harness.value import Value

META = "meta.json"
LATEST = "latest"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


@dataclass(frozen=True)
class RunFacts(Value):
    """What is known of a run when it starts.

    Attributes:
        command: the command line, word by word.
        started: UTC, ISO 8601 with microseconds, so that runs started in the same second have an order.
        harness_version: of this package.
        git_commit: of the harness, see `Origin.git_commit`.
        limits: the constraints given for the whole run, as text.
        rack: name or path of the rack file; empty where no board was asked for.
    """

    command: tuple[str, ...]
    started: str
    harness_version: str
    git_commit: str
    limits: tuple[str, ...] = ()
    rack: str = ""

    @classmethod
    def now(cls, command: tuple[str, ...], limits: tuple[str, ...] = (), rack: str = "") -> RunFacts:
        """The facts of a run that this process starts now."""
        from harness import __version__
        from harness.paths import REPOSITORY
        from harness.results.origin import git_commit, utc_now

        return cls(command, utc_now(), __version__, git_commit(REPOSITORY), limits, rack)


def new_run_id(now: datetime | None = None) -> str:
    """A name such as `2026-11-20T10-16-05-9c1f`: sorts by time, and differs for two runs in the same second."""
    moment = now or datetime.now(UTC)
    return f"{moment:%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(2)}"


def make_run_directory(root: Path, facts: RunFacts, run_id: str = "") -> Path:
    """Make `root/<run id>` with its meta.json, in one step: no process ever sees it half made.

    Raises:
        ResultsError: the name is taken or no fit name for a folder, or the disk refuses.
    """
    if run_id and (not _NAME.fullmatch(run_id) or run_id == LATEST):
        raise ResultsError(f"run id {run_id!r}: use letters, digits, '.', '_', '+' and '-', and not {LATEST!r}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    except OSError as error:
        raise ResultsError(f"can't make a run in {root}: {error.strerror}") from error
    try:
        scratch.chmod(0o755)
        (scratch / META).write_text(facts.to_json() + "\n")
        return _claim_name(scratch, root, run_id)
    except OSError as error:
        raise ResultsError(f"can't make a run in {root}: {error.strerror}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _claim_name(scratch: Path, root: Path, run_id: str) -> Path:
    for _ in range(1 if run_id else 100):
        home = root / (run_id or new_run_id())
        try:
            # A directory takes the place of an empty one only, so a run that exists is never replaced.
            os.rename(scratch, home)  # noqa: PTH104 - Path.rename would do the same; this names the system call meant
        except OSError:
            if not home.exists():
                raise
        else:
            return home
    raise ResultsError(f"a run {run_id or 'of this second'} exists already in {root}; choose another id or resume it")


def read_facts(home: Path) -> RunFacts:
    """The facts of the run in a directory.

    Raises:
        ResultsError: meta.json is missing or is not one.
    """
    meta = home / META
    try:
        return RunFacts.from_json(meta.read_bytes())
    except OSError as error:
        raise ResultsError(f"{home} is not a run: {META}: {error.strerror}") from error
    except ConfigError as error:
        raise ResultsError(f"{meta}: {error}") from error


def find_run(run: str | Path, root: Path) -> Path:
    """The directory of a run given by path, by id below `root`, or as `latest`.

    Raises:
        ResultsError: there is none; the text names the newest ones there are.
    """
    if str(run) == LATEST:
        runs = list_runs(root)
        if not runs:
            raise ResultsError(f"no run in {root} yet")
        return runs[-1]
    for home in (Path(run), root / run):
        if home.name == "records.jsonl" and home.is_file():
            return home.parent
        if (home / META).is_file():
            return home
    newest = ", ".join(home.name for home in reversed(list_runs(root)[-3:]))
    known = f"the newest in {root} are {newest}" if newest else f"{root} holds no run"
    raise ResultsError(f"no run {str(run)!r}: {known}")


def list_runs(root: Path) -> list[Path]:
    """The runs below `root`, oldest first; what is not a run is passed over."""
    started: list[tuple[str, str, Path]] = []
    for home in root.iterdir() if root.is_dir() else ():
        if home.name.startswith("."):
            continue
        try:
            started.append((read_facts(home).started, home.name, home))
        except ResultsError:
            continue
    return [home for _, _, home in sorted(started)]
