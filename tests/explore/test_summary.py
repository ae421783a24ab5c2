"""Candidates are judged against their limits and against others of their model."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.explore.summary import Assessment, Standing, assess, planes_of
from harness.results.record import Record
from tests.reports.sample_records import judged_records, sample_records

LATENCY_ENERGY, LATENCY_ACCURACY, FLASH_RAM = (plane.name for plane in planes_of(sample_records()))


def find(model: str, quantization: str, board: str, records: list[Record] | None = None) -> Assessment:
    for one in assess(records or sample_records()):
        candidate = one.record.candidate
        if (candidate.model, candidate.quantization, candidate.board) == (model, quantization, board):
            return one
    raise LookupError(model)


def with_value(record: Record, quantity: str, value: float) -> Record:
    kept = tuple(one for one in record.measurements if one.quantity != quantity)
    return replace(record, measurements=(*kept, Measurement.of(quantity, value, Provenance.SIMULATED)))


def test_a_candidate_is_feasible_when_it_passed_and_keeps_all_limits() -> None:
    for one in assess(sample_records()):
        assert one.feasible is (one.record.outcome.status is Status.PASSED)
        assert len(one.verdicts) == len(one.record.limits)


def test_a_passed_record_that_breaks_a_limit_is_not_feasible() -> None:
    record = replace(with_value(sample_records()[0], "latency", 9.0), outcome=Outcome(Status.PASSED))
    (one,) = assess([record])
    assert not one.feasible
    assert one.standings[LATENCY_ENERGY] is Standing.INFEASIBLE


def test_only_feasible_candidates_are_on_a_front_or_dominated() -> None:
    for one in assess(sample_records()):
        chosen = {Standing.FRONT, Standing.DOMINATED} & set(one.standings.values())
        assert bool(chosen) is one.feasible


def test_an_infeasible_candidate_dominates_nothing() -> None:
    fast = find("kws_ds_cnn", "int8", "nucleo_f746zg")
    slow = find("kws_ds_cnn", "int8", "nucleo_l4r5zi")
    assert fast.standings[LATENCY_ACCURACY] is Standing.INFEASIBLE
    assert slow.standings[LATENCY_ACCURACY] is Standing.FRONT


def test_candidates_of_different_models_do_not_compete() -> None:
    alone = find("vww_mobilenet", "int8", "nucleo_l4r5zi")
    assert alone.standings[LATENCY_ENERGY] is Standing.FRONT
    together = assess(sample_records(), task=lambda _: "one task")
    again = next(one for one in together if one.record == alone.record)
    assert again.standings[LATENCY_ENERGY] is Standing.DOMINATED


def test_memories_are_compared_as_shares_of_the_board() -> None:
    """The same firmware fills less of the larger board, which therefore dominates."""
    assert find("lenet5_digits", "int8", "nucleo_l4r5zi").standings[FLASH_RAM] is Standing.FRONT
    assert find("lenet5_digits", "int8", "nucleo_f746zg").standings[FLASH_RAM] is Standing.DOMINATED


def test_without_a_measurement_there_is_no_standing() -> None:
    one = find("vww_mobilenet", "int8", "nucleo_l4r5zi")
    assert one.standings[LATENCY_ACCURACY] is Standing.NOT_MEASURED
    assert one.standings[LATENCY_ENERGY] is Standing.FRONT


def test_the_order_of_the_records_does_not_show() -> None:
    records = sample_records()
    expected = assess(records)
    for seed in range(5):
        Random(seed).shuffle(records)
        assert assess(records) == expected


def test_the_last_record_of_a_case_counts() -> None:
    first = sample_records()[0]
    (one,) = assess([replace(first, outcome=Outcome(Status.INFRASTRUCTURE_ERROR, "cable")), first])
    assert one.record == first


def test_no_records_give_no_assessments() -> None:
    assert assess([]) == ()


def test_candidates_compete_in_what_counts_of_their_task() -> None:
    first, worse = (judged_records({"price": {"mae": mae}})[0] for mae in (2.0, 3.0))
    found = assess([first, replace(worse, case="worse", candidate=replace(worse.candidate, backend="other"))])
    standings = {one.record.measurements[-1].value: one.standings["latency and MAE"] for one in found}
    assert standings == {2.0: Standing.FRONT, 3.0: Standing.DOMINATED}


def test_without_labelled_samples_accuracy_is_not_measured() -> None:
    (one,) = assess(judged_records({"anything": {}}))
    assert one.standings["latency and accuracy"] is Standing.NOT_MEASURED
