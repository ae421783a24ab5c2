"""The report sets a variant beside the model as it was trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.bench.measurement import Measurement, Provenance
from harness.results.record import Record
from reports.variants import variant_rows
from reports.view import groups
from tests.reports.sample_records import judged_records, sample_records
from tests.reports.test_html import Page, report


def _with(record: Record, **values: float) -> Record:
    kept = [one for one in record.measurements if one.quantity not in values]
    new = [Measurement.of(quantity, value, Provenance.SIMULATED) for quantity, value in values.items()]
    return replace(record, measurements=(*kept, *new))


def _pair() -> list[Record]:
    """A model as it was trained, and with half of its channels."""
    record = replace(sample_records()[0], made=("stored as int8", "seed 0"))
    whole = _with(record, accuracy=0.95, cycles=3000, model_size=1000, model_gzip=900, sparsity=0.01)
    half = _with(record, accuracy=0.93, cycles=1000, model_size=300, model_gzip=250, sparsity=0.02)
    cut = replace(record.candidate, optimize="channels50")
    return [
        whole,
        replace(half, candidate=cut, case=f"{record.case}, cut", made=("50 % of the channels cut out", *record.made)),
    ]


def test_a_variant_stands_beside_the_model_as_it_was_trained() -> None:
    (group,) = groups(_pair())
    plain, cut = variant_rows(group.rows)
    assert "channels50" in cut.row.label
    assert (cut.cost, cut.speed) == ("-2.0 points", "3.00")
    assert cut.made.startswith("50 % of the channels cut out; ")
    assert plain.cost == plain.speed != cut.cost


def test_what_a_variant_cost_is_told_in_the_metric_of_its_task() -> None:
    (record,) = judged_records({"price": {"mae": 2.0, "host_mae": 1.9}})
    whole = replace(record, made=("stored as int8",))
    cut = replace(_with(whole, mae=2.25), candidate=replace(record.candidate, optimize="prune80"), case="cut")
    plain, pruned = variant_rows(groups([whole, cut])[0].rows)
    assert (plain.metric, plain.on_host.text, plain.on_board.text) == ("MAE", "1.9", "2")
    assert (pruned.on_board.text, pruned.cost) == ("2.25", "+0.25")


def test_a_variant_of_another_quantization_is_not_compared() -> None:
    whole, cut = _pair()
    other = replace(whole, candidate=replace(whole.candidate, quantization="int16x8"))
    (group,) = groups([other, cut])
    assert {one.cost for one in variant_rows(group.rows)} == {"\N{EN DASH}"}


def test_the_page_says_what_a_variant_cost(tmp_path: Path) -> None:
    page = Page(report(tmp_path, _pair())).text
    assert "-2.0 points" in page
    assert "50 % of the channels cut out" in page


def test_records_without_it_have_no_such_section() -> None:
    assert not variant_rows(row for group in groups(sample_records()) for row in group.rows)
