"""The summary in a terminal: it fits, it is plain unless colours are asked for, and says what the page says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.explore.summary import assess
from reports.text import summary_text
from reports.view import MARKS, groups
from tests.reports.sample_records import TASKS, judged_records, sample_records


@pytest.mark.parametrize("width", [60, 80, 100, 108, 120, 200])
def test_it_fits_the_terminal(width: int) -> None:
    assert max(cell_len(line) for line in summary_text(sample_records(), width).splitlines()) <= width


@pytest.mark.parametrize("width", [80, 108, 120])
def test_long_names_are_folded_and_no_column_is_cut(width: int) -> None:
    records = [
        replace(record, candidate=replace(record.candidate, model="m" * 90, backend=f"backend_{number}_with_a_name"))
        for number, record in enumerate(sample_records())
    ]
    lines = summary_text(records, width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert lines[0].endswith("front")
    assert any(line.endswith("●●○") for line in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_every_candidate_stands_on_a_line_with_its_marks(width: int) -> None:
    lines = summary_text(sample_records(), width).splitlines()
    for group in groups(sample_records()):
        start = lines.index(group.model)
        for row in group.rows:
            (line,) = [line for line in lines[start:] if line.startswith(f" {row.label} ")][:1]
            assert line.endswith("".join(mark for _, _, mark in row.marks))


def test_no_column_is_cut_at_80_columns() -> None:
    text = summary_text(sample_records(), 80)
    assert "…" not in text
    for word in ("candidate", "outcome", "latency", "energy", "flash", "RAM", "acc.", "front"):
        assert word in text.splitlines()[0]


@pytest.mark.parametrize("width", [80, 108, 120, 140])
def test_every_task_is_judged_by_its_own_metric(width: int) -> None:
    lines = summary_text(judged_records(TASKS), width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert "metric front" in lines[0]
    by_model = {name: lines[lines.index(name) + 1] for name in TASKS}
    percent = "91.2 %" if width >= 108 else "91.2%"
    for name, shown in {"words": f"accuracy {percent}", "machine": "AUC 0.871", "play": "perplexity 11.2"}.items():
        assert shown in by_model[name]
    assert ("MAE 2.35, RMSE 3.46" in by_model["price"]) is (width >= 108)
    planes = "latency and energy; latency and perplexity; latency and accuracy; latency and AUC; latency and MAE"
    assert f"fronts, in this order: {planes}; flash and RAM" in " ".join(" ".join(lines).split())


def test_a_metric_that_all_are_judged_by_stands_in_the_heading() -> None:
    head, _, line, *_ = summary_text(judged_records({"price": TASKS["price"]}), 80).splitlines()
    assert head.split()[-2:] == ["MAE", "front"]
    assert " 2.35 " in line


def test_every_failure_tells_why() -> None:
    text = " ".join(summary_text(sample_records(), 80).split())
    for one in assess(sample_records()):
        assert one.record.outcome.reason in text


def test_estimated_and_measured_numbers_are_told_from_simulated_ones() -> None:
    text = summary_text(sample_records(), 120)
    assert "~366 ms" in text
    assert "=345 KiB" in text
    assert " 57.8 ms" in text
    assert "numbers: = measured, ~ estimated, otherwise simulated" in text


def test_numbers_of_one_kind_only_are_named_once() -> None:
    record = sample_records()[0]
    record = replace(record, measurements=(Measurement.of("latency", 0.1, Provenance.SIMULATED),))
    assert "all numbers are simulated" in summary_text([record])


def test_it_is_plain_unless_colours_are_asked_for() -> None:
    assert "\x1b" not in summary_text(sample_records())
    assert "\x1b[" in summary_text(sample_records(), color=True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_a_terminal_without_the_marks_gets_letters(encoding: str) -> None:
    text = summary_text(sample_records(), 80, encoding=encoding)
    assert text.isascii()
    assert "?" not in text
    assert "***" in text


def test_names_can_neither_steer_the_terminal_nor_use_markup() -> None:
    record = sample_records()[0]
    hostile = replace(
        record,
        candidate=replace(record.candidate, model="[bold]m\x1b[31m\r\x07", board="[/]b\u202e"),
        outcome=Outcome(Status.BUILD_FAILED, "[red]\x1b]0;title\x07"),
    )
    text = summary_text([hostile], 120)
    assert "[bold]m" in text
    assert "[red]" in text
    assert not any(character in text for character in "\x1b\r\x07\u202e")


def test_the_marks_differ_without_colour() -> None:
    assert len(set(MARKS.values())) == len(MARKS)


def test_no_records_are_no_table() -> None:
    assert summary_text([]) == "no records\n"


def test_candidates_that_differ_in_backend_or_build_say_so() -> None:
    record = sample_records()[0]
    others = [replace(record, case=build, candidate=replace(record.candidate, build=build)) for build in ("O2", "Os")]
    labels = [row.label for row in groups(others)[0].rows]
    assert labels == ["float32 O2", "float32 Os"]


def test_two_cases_of_one_candidate_are_numbered() -> None:
    record = sample_records()[0]
    labels = [row.label for row in groups([record, replace(record, case="another")])[0].rows]
    assert labels == ["float32 nucleo_l4r5zi (1)", "float32 nucleo_l4r5zi (2)"]
