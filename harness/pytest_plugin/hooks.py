"""The hooks by which a pytest run becomes a benchmark run."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from harness import progress
from harness.errors import HarnessError
from harness.pytest_plugin.fixtures import CASE
from harness.pytest_plugin.options import add_options
from harness.pytest_plugin.session import SESSION, Session

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from harness.results.record import Record
    from harness.results.store import RunDirectory

OPEN_CHOICES = {"backend": "tvm", "build": "O2"}
"""What a benchmark may leave to the command line, and what it is where that says nothing."""

INFEASIBLE_MARK = "harness_infeasible"
"""An attribute of a report, and so sent on by xdist's workers."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the harness's options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Name the run, register the markers, and let progress through pytest's capture."""
    config.addinivalue_line("markers", "limit(*limits): constraints of this benchmark, such as 'latency <= 120 ms'")
    try:
        session = config.stash[SESSION] = Session.of(config)
        session.check_limits()
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    capture = config.pluginmanager.getplugin("capturemanager")

    @contextmanager
    def past_capture() -> Iterator[TextIO | None]:
        if capture is None or is_worker(config):
            yield None
            return
        with capture.global_and_fixture_disabled():
            yield sys.stderr if sys.stderr.isatty() else None

    progress.use_terminal(past_capture)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist which run it works for."""
    session = node.config.stash[SESSION]
    node.workerinput["harness_run_id"] = session.run_id
    node.workerinput["harness_command"] = list(session.command)


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one case of a benchmark for each board; boards vary fastest, so that workers find different ones free.

    A benchmark that takes a `backend` or a `build` and does not say which runs with those of the command line.
    """
    if "case" not in metafunc.fixturenames or "board" not in metafunc.fixturenames:
        return
    for name, default in OPEN_CHOICES.items():
        if name in metafunc.fixturenames and not _is_parametrized(metafunc, name):
            metafunc.parametrize(name, metafunc.config.getoption(f"--{name}") or [default])
    try:
        boards = metafunc.config.stash[SESSION].boards
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    metafunc.parametrize("board", boards, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """When a run is resumed, let a case that it has finished end as it did, without running it again."""
    from harness.bench.outcome import Status
    from harness.pytest_plugin.outcomes import CaseFailed

    record = _finished(pyfuncitem)
    if record is None:
        return None
    if record.outcome.status is not Status.PASSED:
        raise CaseFailed(record.outcome)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record a case that has ended, and show its outcome in one line instead of a traceback."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, HarnessError):
        report.longrepr = str(error)
    if call.when != "call" or report.skipped or CASE not in item.stash:
        return report
    try:
        record = _conclude(item, error)
    except HarnessError as failure:
        # Without a place for records, to go on would be to measure for nothing.
        report.outcome, report.longrepr = "failed", str(failure)
        item.session.shouldfail = str(failure)
        return report
    if record:
        _show(item, report, record)
    return report


def _is_parametrized(metafunc: pytest.Metafunc, name: str) -> bool:
    marks = metafunc.definition.iter_markers("parametrize")
    names = (mark.args[0] for mark in marks)
    return any(name in (one.replace(" ", "").split(",") if isinstance(one, str) else one) for one in names)


def _finished(item: pytest.Item) -> Record | None:
    return item.config.stash[SESSION].finished.get(item.nodeid) if CASE in item.stash else None


def _conclude(item: pytest.Item, error: BaseException | None) -> Record | None:
    """The record of a case that has ended so, kept on disk; None where the test measured nothing."""
    from harness.pytest_plugin.outcomes import outcome_of

    case = item.stash[CASE]
    record = _finished(item)
    if record is None and case.candidate is not None:
        record = case.record(case.candidate, outcome_of(error))
        item.config.stash[SESSION].append(record)
    return record


def _show(item: pytest.Item, report: pytest.TestReport, record: Record) -> None:
    from harness.bench.outcome import Status
    from harness.pytest_plugin.outcomes import INFEASIBLE
    from harness.results.junit import record_properties

    outcome = record.outcome
    # pytest's JUnit writer takes the properties that the item has when it is torn down.
    item.user_properties += [("outcome", str(outcome.status)), *record_properties(record).items()]
    if report.failed and outcome.status is not Status.PASSED and isinstance(report.longrepr, str):
        report.longrepr = f"{record.candidate}: {outcome.status}: {outcome.reason}"
    if report.failed and outcome.status in INFEASIBLE and item.config.getoption("--explore"):
        report.outcome = "passed"
        report.__dict__[INFEASIBLE_MARK] = True


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """When exploring, tell candidates outside the limits from those that pass."""
    if getattr(report, INFEASIBLE_MARK, False):
        return "infeasible", "i", ("INFEASIBLE", {"yellow": True})
    return None


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Write the run's pages, and show verdicts and the Pareto front."""
    session = config.stash[SESSION]
    if is_worker(config) or session.directory is None:
        return
    terminalreporter.section(f"benchmark run {session.directory.run_id}")
    try:
        _summarize(terminalreporter, session.directory)
    except HarnessError as error:
        terminalreporter.write_line(str(error), red=True)


def _summarize(terminalreporter: TerminalReporter, run: RunDirectory) -> None:
    from harness.results.junit import write_junit
    from reports.html import write_report
    from reports.text import summary_text

    records = list(run.results().values())
    terminal = terminalreporter._tw
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    terminalreporter.write_line(
        summary_text(records, width=min(terminal.fullwidth, 120), color=terminal.hasmarkup, encoding=encoding)
    )
    junit = write_junit(records, run.path / "junit.xml")
    report = write_report(run, run.path / "report.html")
    for name, path in (("report", report), ("junit", junit), ("records", run.records_file)):
        terminalreporter.write_line(f"{name + ':':9}{os.path.relpath(path)}")


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of xdist."""
    return hasattr(config, "workerinput")
