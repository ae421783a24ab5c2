"""Multipliers and rounding: against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.deploy.quantize_math import (
    Multiplier,
    Rounding,
    activation_range,
    breaking_ties,
    doubling_high_multiply,
    exp_of_differences,
    multiply,
    quantize_multiplier,
    rounding_shift_right,
)

accumulators = st.integers(-(2**30), 2**30)
reals = st.floats(1e-9, 1e3)


@given(reals)
def test_a_multiplier_is_the_number_to_31_bits(real: float) -> None:
    made = quantize_multiplier(real)
    value = Fraction(made.quantized) * Fraction(2) ** (made.shift - 31)
    assert abs(value - Fraction(real)) <= Fraction(real) / 2**30


def test_multipliers_out_of_range_saturate() -> None:
    assert quantize_multiplier(0.0) == Multiplier(0, 0)
    assert quantize_multiplier(1e-12) == Multiplier(0, 0)
    assert quantize_multiplier(1e12) == Multiplier(2**31 - 1, 30)


@given(accumulators, st.floats(1e-9, 0.99))
def test_multiplying_is_within_one_of_the_product(value: int, real: float) -> None:
    made = quantize_multiplier(real)
    exact = Fraction(value * made.quantized) * Fraction(2) ** (made.shift - 31)
    assert abs(multiply(value, made) - exact) < 1


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 31))
def test_shifting_rounds_ties_away_from_zero(value: int, exponent: int) -> None:
    quotient = Fraction(abs(value), 2**exponent)
    assert abs(rounding_shift_right(value, exponent)) == (2 * quotient.numerator + quotient.denominator) // (
        2 * quotient.denominator
    )


@given(st.integers(-(2**31) + 1, 2**31 - 1), st.integers(-(2**31) + 1, 2**31 - 1))
def test_the_doubling_high_product_is_the_nearest(a: int, b: int) -> None:
    assume(abs(a) < 2**31 - 1 or abs(b) < 2**31 - 1)
    assert abs(doubling_high_multiply(a, b) - Fraction(a * b, 2**31)) <= Fraction(1, 2)


@given(st.integers(1, 2**20), st.integers(-8, 30), st.integers(1, 2**24), st.data())
def test_broken_ties_round_up_where_ties_round_away_from_zero(
    numerator: int, exponent: int, largest: int, data: st.DataObject
) -> None:
    by = quantize_multiplier(numerator / 2**exponent / 2**20)
    broken = breaking_ties(by, largest)
    assume(broken is not None)
    assert broken is not None
    # What is a tie or next to one, and what is drawn.
    near = 2 ** data.draw(st.integers(0, 24)) * data.draw(st.integers(-64, 64)) + data.draw(st.integers(-1, 1))
    for value in (near, data.draw(st.integers(-largest, largest))):
        if abs(value) <= largest:
            up = (value * broken.quantized + (1 << (broken.total_shift - 1))) >> broken.total_shift
            assert up == multiply(value, by, Rounding.ONCE)


@given(st.integers(-(2**31), 2**31 - 1), st.floats(1e-9, 1e3))
def test_rounding_once_is_to_the_nearest_and_ties_go_away_from_zero(value: int, real: float) -> None:
    by = quantize_multiplier(real)
    exact = Fraction(value * by.quantized, 2**by.total_shift)
    rounded = multiply(value, by, Rounding.ONCE)
    assert abs(rounded) == floor(abs(exact) + Fraction(1, 2))
    assert rounded * exact >= 0


def test_activations_are_cut_at_their_stored_values() -> None:
    assert activation_range("NONE", 0.1, 3) == (-128, 127)
    assert activation_range("RELU", 0.1, 3) == (3, 127)
    assert activation_range("RELU6", 0.1, -128) == (-128, -68)
    assert activation_range("RELU_N1_TO_1", 0.5, 1) == (-1, 3)


@given(st.floats(0.001, 1.0))
def test_the_table_of_exponentials_is_that(scale: float) -> None:
    """exp(-31) is the smallest value that it holds."""
    made = quantize_multiplier(scale * 2**26)
    table = exp_of_differences(made, -((31 << 26) >> made.shift)) / 2**31
    assert np.abs(table - np.exp(-scale * np.arange(256))).max() < 1e-6
