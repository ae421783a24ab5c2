"""Verdicts: a limit holds, is violated, or nothing shows that it holds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Status
from harness.explore.constraint import parse_constraint
from harness.explore.verdict import State, Verdict, evaluate, outcome_of
from harness.results.record import Capacity

CAPACITY = Capacity(flash_bytes=1_048_576, ram_bytes=327_680, clock_hz=216_000_000)


def verdict(limit: str, quantity: str = "", value: float = 0.0) -> Verdict:
    measurements = [Measurement.of(quantity, value, Provenance.SIMULATED)] if quantity else []
    return evaluate(parse_constraint(limit), measurements, CAPACITY)


@pytest.mark.parametrize(
    ("limit", "quantity", "value", "holds"),
    [
        ("latency <= 120 ms", "latency", 0.12, True),
        ("latency < 120 ms", "latency", 0.12, False),
        ("latency <= 120 ms", "latency", 0.1201, False),
        ("accuracy >= 90 %", "accuracy", 0.9, True),
        ("accuracy > 90 %", "accuracy", 0.9, False),
        ("accuracy >= 90 %", "accuracy", 0.8999, False),
        ("ram <= 50 %", "ram", 163_840, True),
        ("ram <= 50 %", "ram", 163_841, False),
        ("flash <= 50 %", "flash", 524_288, True),
        ("flash <= 50 %", "flash", 524_289, False),
        ("max_difference <= 0", "max_difference", 0, True),
        ("max_difference <= 0", "max_difference", 1, False),
    ],
)
def test_a_limit_holds_or_not(limit: str, quantity: str, value: float, holds: bool) -> None:
    assert verdict(limit, quantity, value).holds is holds


def test_what_was_not_measured_is_not_kept_and_says_so() -> None:
    found = verdict("latency <= 120 ms")
    assert (found.state, found.holds, found.value, found.margin) == (State.NOT_MEASURED, False, None, None)
    assert str(found) == "latency not measured, limit latency <= 120 ms"


@pytest.mark.parametrize("limit", ["max_difference <= 5", "max_difference >= 5"])
def test_what_is_not_a_number_is_not_kept(limit: str) -> None:
    assert verdict(limit, "max_difference", math.nan).state is State.VIOLATED


@given(
    value=st.floats(1e-9, 1e3),
    bound=st.floats(1e-6, 1e3).map(lambda bound: float(f"{bound:.6f}") or 1.0),
    upper=st.booleans(),
)
def test_the_margin_is_positive_exactly_when_there_is_room(value: float, bound: float, upper: bool) -> None:
    found = verdict(f"latency {'<=' if upper else '>='} {bound:.6f} s", "latency", value)
    assert found.margin is not None
    assert found.holds is (found.margin >= 0)


def test_a_share_of_a_memory_is_turned_into_bytes() -> None:
    found = verdict("ram <= 50 %", "ram", 81_920)
    assert (found.bound, found.value, found.margin, found.relative_margin) == (163_840, 81_920, 81_920, 0.5)


@pytest.mark.parametrize(
    ("limit", "quantity", "value", "text"),
    [
        ("latency <= 120 ms", "latency", 0.09, "latency 90 ms, limit latency <= 120 ms (25 % to spare)"),
        ("ram <= 50 %", "ram", 327_680, "ram 320 KiB, limit ram <= 50 % (100 % beyond it)"),
        ("accuracy >= 90 %", "accuracy", 0.899, "accuracy 89.9 %, limit accuracy >= 90 % (0.11 % beyond it)"),
        ("max_difference <= 0", "max_difference", 2, "max_difference 2, limit max_difference <= 0"),
    ],
)
def test_a_verdict_reads_as_a_sentence(limit: str, quantity: str, value: float, text: str) -> None:
    assert str(verdict(limit, quantity, value)) == text


def test_an_outcome_names_every_limit_that_is_not_kept_and_no_other() -> None:
    kept = verdict("latency <= 120 ms", "latency", 0.1)
    broken = verdict("ram <= 50 %", "ram", 327_680)
    missing = verdict("energy <= 5 mJ")
    assert outcome_of([kept]).status is Status.PASSED
    assert outcome_of([]).status is Status.PASSED
    found = outcome_of([kept, broken, missing])
    assert found.status is Status.CONSTRAINT_FAILED
    assert found.reason == f"{broken}; {missing}"


def test_a_verdict_survives_json() -> None:
    for found in (verdict("latency <= 120 ms"), verdict("ram <= 50 %", "ram", 5.0)):
        assert Verdict.from_json(found.to_json()) == found
