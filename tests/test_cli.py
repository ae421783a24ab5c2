"""The `harness` command: the shelf, past runs, their pages, and errors in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import main
from harness.results.run import RunFacts
from harness.results.store import RunDirectory
from tests.reports.sample_records import sample_records


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory.create(tmp_path / "runs", RunFacts.now(("pytest", "testsuites")))
    for record in sample_records():
        directory.append(record)
    return directory


def harness(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_boards_and_models_are_listed() -> None:
    boards, models = harness("board", "list"), harness("model", "list")
    assert boards.exit_code == models.exit_code == 0
    assert "nucleo_l4r5zi" in boards.output
    assert "216 MHz" in boards.output
    assert "kws_ds_cnn" in models.output


def test_runs_are_listed_and_shown(run: RunDirectory) -> None:
    listed = harness("run", "--runs", run.path.parent, "list")
    assert run.run_id in listed.output
    for name in (run.run_id, "latest", str(run.path)):
        shown = harness("run", "--runs", run.path.parent, "show", name)
        assert shown.exit_code == 0, shown.output
        assert "does not fit" in shown.output


def test_the_report_is_written_where_asked(run: RunDirectory, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = harness("report", run.run_id, "--runs", run.path.parent, "--output", page)
    assert done.exit_code == 0, done.output
    assert done.output.strip() == str(page)
    assert run.run_id in page.read_text()


def test_an_error_is_one_line(tmp_path: Path) -> None:
    done = harness("run", "--runs", tmp_path, "show", "absent")
    assert done.exit_code == 1
    assert done.output.startswith("Error: no run 'absent'")
    assert len(done.output.splitlines()) == 1


def test_help_imports_nothing_heavy() -> None:
    heavy = {"tensorflow", "tvm", "pandas", "matplotlib", "unicorn", "pyocd", "sklearn", "numpy", "rich", "pydantic"}
    script = f"import sys, harness.cli\nassert not {heavy!r} & set(sys.modules), {heavy!r} & set(sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
