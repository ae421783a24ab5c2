"""The options of a run: limits and what becomes of them, and pytest's own options, which work as always."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from junitparser.xunit2 import JUnitXml

from harness.bench.outcome import Status
from harness.paths import REPOSITORY
from tests.pytest_plugin.scenario import Scenario

CASE = "dense-tvm-nucleo_l4r5zi"
HEAVY = {"tensorflow", "tvm", "pandas", "matplotlib", "unicorn", "pyocd", "sklearn", "numpy"}


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    made = Scenario.make(tmp_path_factory.mktemp("options"))
    made.suite(("dense", "tvm"))
    return made


def test_a_broken_limit_fails_the_run_and_says_by_how_much(scenario: Scenario) -> None:
    output = scenario.run("--limit", "latency <= 1 us", "--limit", "ram <= 50 %", "--junitxml", "out.xml", expect=1)
    assert "constraint failed: latency" in output
    assert "limit latency <= 1 us" in output
    record = scenario.records()[CASE]
    assert record.outcome.status is Status.CONSTRAINT_FAILED
    assert record.limits == ("latency <= 1 us", "ram <= 50 %")
    (case,) = (case for suite in JUnitXml.fromfile(str(scenario.path / "out.xml")) for case in suite)
    properties = {one.name: one.value for one in case.properties()}
    assert properties["outcome"] == "constraint failed"
    assert float(properties["latency"]) == getattr(record.measurement("latency"), "value", None)


def test_functional_boards_tell_nothing_that_depends_on_time_and_keep_no_limit_on_it(scenario: Scenario) -> None:
    scenario.run("--timing", "functional", "--limit", "latency <= 1 s", expect=1)
    record = scenario.records()[CASE]
    assert record.outcome.status is Status.CONSTRAINT_FAILED
    quantities = {measurement.quantity for measurement in record.measurements}
    assert {"argmax_agreement", "flash", "stack"} <= quantities
    assert not {"cycles", "latency", "energy", "power"} & quantities
    assert not record.layers


def test_exploring_a_broken_limit_is_an_answer(scenario: Scenario) -> None:
    output = scenario.run("--limit", "latency <= 1 us", "--explore")
    assert "1 infeasible" in output
    assert scenario.statuses() == {CASE: Status.CONSTRAINT_FAILED}


def test_exploring_does_not_excuse_what_fails(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path)
    scenario.suite(("dense", "does_not_compile"))
    scenario.run("--explore", expect=1)
    assert scenario.statuses() == {"dense-does_not_compile-nucleo_l4r5zi": Status.BUILD_FAILED}


def test_the_command_line_overrules_the_marker_and_the_marker_the_file(scenario: Scenario) -> None:
    (scenario.path / "limits.toml").write_text('limits = ["latency <= 1 ns", "energy <= 1 nJ", "flash <= 1 B"]')
    suite = scenario.path / "test_bench.py"
    plain = suite.read_text()
    marked = plain.replace("def test_case", '@pytest.mark.limit("energy <= 1 J", "flash <= 2 B")\ndef test_case')
    try:
        suite.write_text(marked)
        scenario.run("--limit", "latency <= 1 s", expect=1)
    finally:
        suite.write_text(plain)
        (scenario.path / "limits.toml").unlink()
    record = scenario.records()[CASE]
    assert set(record.limits) == {"latency <= 1 s", "energy <= 1 J", "flash <= 2 B"}
    assert record.outcome.reason.startswith("flash")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--limit", "latancy <= 1 ms"], "latency"),
        (["--limit", "latency <= 5 KiB"], "time"),
        (["--limits", "absent.toml"], "absent.toml"),
        (["--board", "nucleo_x"], "nucleo_l4r5zi"),
        (["--rack", "absent.yaml"], "absent.yaml"),
        (["--resume", "absent"], "absent"),
    ],
)
def test_a_wrong_option_ends_the_run_before_it_begins(scenario: Scenario, options: list[str], word: str) -> None:
    output = scenario.run(*options, expect=None)
    assert word in output
    assert "Traceback" not in output
    assert "passed" not in output


def test_without_a_place_for_records_the_run_stops_and_says_so(scenario: Scenario) -> None:
    (scenario.path / "occupied").write_text("a file")
    output = scenario.run("--runs", "occupied", expect=1)
    assert "can't make a run in" in output
    assert "INTERNALERROR" not in output


def test_a_test_may_judge_by_itself(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path)
    scenario.suite(("dense", "tvm"))
    suite = tmp_path / "test_bench.py"
    suite.write_text(suite.read_text() + "    assert False, 'I do not like it'\n")
    scenario.run(expect=1)
    record = scenario.records()[CASE]
    assert record.outcome.status is Status.CONSTRAINT_FAILED
    assert "I do not like it" in record.outcome.reason
    assert record.measurement("latency")


def test_stop_at_first_failure_last_failed_and_selection_work_as_always(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path)
    scenario.suite(("dense", "does_not_compile"), ("dense", "tvm"))
    scenario.run("-x", expect=1)
    assert scenario.statuses() == {"dense-does_not_compile-nucleo_l4r5zi": Status.BUILD_FAILED}
    assert "1 failed" in scenario.run("--lf", expect=1)
    assert scenario.statuses() == {"dense-does_not_compile-nucleo_l4r5zi": Status.BUILD_FAILED}
    scenario.run("-k", "tvm and dense")
    assert scenario.statuses() == {CASE: Status.PASSED}


def test_collecting_imports_nothing_heavy() -> None:
    script = (
        "import sys, pytest\n"
        "code = pytest.main(['--collect-only', '-q', 'testsuites'])\n"
        f"assert code == 0 and not {HEAVY!r} & set(sys.modules), sorted({HEAVY!r} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_candidate[kws_ds_cnn-int8-nucleo_f746zg]" in done.stdout
