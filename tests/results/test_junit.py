"""JUnit XML of a run reads back with its outcomes and measurements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import Error, Failure
from junitparser.xunit2 import JUnitXml, TestCase

from harness.bench.outcome import Outcome, Status
from harness.errors import ResultsError
from harness.results.junit import write_junit
from harness.results.record import Record
from tests.reports.sample_records import sample_records


def read(path: Path) -> list[TestCase]:
    return [case for suite in JUnitXml.fromfile(str(path)) for case in suite]


def properties(case: TestCase) -> dict[str, str]:
    return {one.name: one.value for one in case.properties()}


def test_every_measurement_is_a_property_with_unit_and_provenance(tmp_path: Path) -> None:
    records = sample_records()
    for record, case in zip(records, read(write_junit(records, tmp_path / "junit.xml")), strict=True):
        found = properties(case)
        assert found["model"] == record.candidate.model
        for one in record.measurements:
            assert float(found[one.quantity]) == one.value
            assert found[f"{one.quantity}.unit"] == one.unit
            assert found[f"{one.quantity}.provenance"] == one.provenance


def test_cases_are_named_as_pytest_names_them(tmp_path: Path) -> None:
    record = sample_records()[0]
    (case,) = read(write_junit([record], tmp_path / "junit.xml"))
    assert case.classname == "testsuites.quickstart.test_quickstart"
    assert case.name == f"test_candidate[{record.candidate}]"
    assert case.time == record.origin.seconds


@pytest.mark.parametrize("status", list(Status))
def test_each_outcome_has_its_result(tmp_path: Path, status: Status) -> None:
    record = replace(sample_records()[0], outcome=Outcome(status, "why <it> & so"))
    (case,) = read(write_junit([record], tmp_path / "junit.xml"))
    if status is Status.PASSED:
        assert not case.result
        return
    (result,) = case.result
    assert isinstance(result, Error if status is Status.INFRASTRUCTURE_ERROR else Failure)
    assert (result.type, result.message) == (status, "why <it> & so")


def test_the_totals_add_up(tmp_path: Path) -> None:
    document = JUnitXml.fromfile(str(write_junit(sample_records(), tmp_path / "junit.xml")))
    assert (document.tests, document.failures, document.errors) == (12, 5, 1)


def test_characters_that_xml_cannot_carry_do_not_break_the_file(tmp_path: Path) -> None:
    record: Record = replace(
        sample_records()[0], case="a::b\x00\x1b[31m\ufffe", outcome=Outcome(Status.BUILD_FAILED, "gcc: \x07")
    )
    (case,) = read(write_junit([record], tmp_path / "junit.xml"))
    assert case.name == "b\ufffd\ufffd[31m\ufffd"


def test_a_path_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"junit\.xml"):
        write_junit(sample_records(), tmp_path / "file" / "junit.xml")
