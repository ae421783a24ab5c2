"""Limits read as people write them, and errors name what is wrong and what is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.quantities import QUANTITIES
from harness.errors import ConfigError
from harness.explore.constraint import Constraint, merge, parse_constraint
from harness.units import UNITS


@pytest.mark.parametrize(
    ("text", "quantity", "relation", "bound", "relative"),
    [
        ("latency <= 120 ms", "latency", "<=", 0.12, False),
        ("latency<=120ms", "latency", "<=", 0.12, False),
        ("  latency   ≤ 0.12 s ", "latency", "<=", 0.12, False),
        ("ram <= 50 %", "ram", "<=", 0.5, True),
        ("flash <= 64 KiB", "flash", "<=", 65536.0, False),
        ("stack <= 0.5%", "stack", "<=", 0.005, True),
        ("accuracy >= 90 %", "accuracy", ">=", 0.9, False),
        ("accuracy ≥ 0.9", "accuracy", ">=", 0.9, False),
        ("energy < 5 mJ", "energy", "<", 0.005, False),
        ("accuracy > 0.5", "accuracy", ">", 0.5, False),
        ("energy =< 5 µJ", "energy", "<=", 5e-6, False),
        ("max_difference <= 1", "max_difference", "<=", 1.0, False),
        ("cycles <= 1e6", "cycles", "<=", 1e6, False),
        ("power <= 80 mW", "power", "<=", 0.08, False),
    ],
)
def test_a_limit_is_read_in_si_units(text: str, quantity: str, relation: str, bound: float, relative: bool) -> None:
    found = parse_constraint(text)
    assert (found.quantity, found.relation, found.relative) == (quantity, relation, relative)
    assert found.bound == pytest.approx(bound)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("latncy <= 5 ms", "did you mean 'latency'"),
        ("Latency <= 5 ms", "did you mean 'latency'"),
        ("speed <= 5 ms", "unknown quantity 'speed'; Known are latency, cycles"),
        ("latency <= 5 KiB", "'5 KiB' does not measure latency; latency is a time: write it in s, ms"),
        ("latency <= 5", "'5' does not measure latency"),
        ("latency <= 5 %", "latency has no whole to be a per cent of"),
        ("cycles <= 5 %", "cycles has no whole"),
        ("ram <= 5 ms", r"ram is a size: write it in B, kB, MB, KiB, MiB, % \(of the board's\)"),
        ("ram <= 65536", "'65536' does not measure ram"),
        ("accuracy >= 90", "accuracy is at most 1; did you mean '90 %'"),
        ("latency <= 5 parsecs", "unknown unit 'parsecs'; known are s, ms"),
        ("latency <= five ms", "'five ms' is not a quantity"),
        ("latency <= 1e999 s", "too large"),
        ("latency == 5 ms", "unknown relation '=='; use <= or >="),
        ("latency != 5 ms", "unknown relation"),
        ("latency <=", "'' is not a quantity"),
        ("latency", "is not a limit: write a quantity, a relation and a bound"),
        ("<= 5 ms", "is not a limit"),
        ("", "is not a limit"),
    ],
)
def test_a_wrong_limit_is_one_clear_error(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        parse_constraint(text)
    assert str(caught.value).startswith(repr(text))


@given(st.text(max_size=40))
def test_any_text_is_a_limit_or_a_clear_error(text: str) -> None:
    message = repr(text)
    try:
        parse_constraint(text)
    except ConfigError as error:
        message = str(error)
    assert message.startswith(repr(text))


@given(
    name=st.sampled_from(sorted(QUANTITIES)),
    relation=st.sampled_from(["<=", ">=", "<", ">"]),
    number=st.floats(0, 1e6).map(lambda number: f"{number:.6g}"),
    data=st.data(),
)
def test_every_quantity_takes_its_own_units_and_no_others(
    name: str, relation: str, number: str, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(sorted(set(UNITS) - {"", "%"})))
    text = f"{name} {relation} {number} {unit}"
    if UNITS[unit][0] == QUANTITIES[name].unit:
        found = parse_constraint(text)
        assert found.bound == pytest.approx(float(number) * UNITS[unit][1])
        assert parse_constraint(str(found)) == found
    else:
        with pytest.raises(ConfigError, match="does not measure"):
            parse_constraint(text)


def test_a_constraint_survives_json() -> None:
    found = parse_constraint("ram <= 50 %")
    assert Constraint.from_json(found.to_json()) == found


def test_a_later_limit_replaces_one_on_the_same_side_only() -> None:
    first = [parse_constraint(text) for text in ("latency <= 9 ms", "latency >= 1 ms", "ram <= 5 %")]
    later = [parse_constraint("latency < 7 ms")]
    assert [str(one) for one in merge(first, later)] == ["latency < 7 ms", "latency >= 1 ms", "ram <= 5 %"]
