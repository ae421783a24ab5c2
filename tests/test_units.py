"""Quantities as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.units import UNITS, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("120 ms", 0.12, "s"),
        ("64KiB", 65536, "B"),
        ("1.5 mJ", 1.5e-3, "J"),
        ("300 uJ", 3e-4, "J"),
        ("50 %", 0.5, "1"),
        ("1_000", 1000, "1"),
        (" 2e-3 s ", 2e-3, "s"),
    ],
)
def test_reads_what_people_write(text: str, value: float, unit: str) -> None:
    read, read_unit = parse_quantity(text)
    assert read == pytest.approx(value)
    assert read_unit == unit


@pytest.mark.parametrize("text", ["", "ms", "12 parsec", "1.2.3 s", "- 5 ms", "5 ms ms", "nan s"])
def test_refuses_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ConfigError, match=r"quantity|unit"):
        parse_quantity(text)


@given(st.floats(1e-8, 1e12), st.sampled_from(["s", "J", "W", "B", "Hz", "A", "1"]))
def test_what_is_shown_reads_back_to_its_digits(value: float, unit: str) -> None:
    read, read_unit = parse_quantity(format_quantity(value, unit, digits=6).replace("µ", "u"))
    assert read_unit == unit
    assert read == pytest.approx(value, rel=1e-5)


@given(st.sampled_from(sorted(UNITS)), st.floats(1e-3, 1e3))
def test_every_unit_scales_linearly(unit: str, number: float) -> None:
    one, si_unit = parse_quantity(f"1 {unit}")
    many, same = parse_quantity(f"{number!r} {unit}")
    assert si_unit == same
    assert many == pytest.approx(number * one)
