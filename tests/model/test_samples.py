"""Samples in the model's layout: rounding, saturation, random inputs, rows of bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from harness.errors import DatasetError
from harness.model.dataset import Dataset
from harness.model.model import Model, Tensor
from harness.model.samples import from_rows, quantize_samples, random_inputs, to_rows

INT8 = Tensor("in", (1, 4), "int8", 0.5, 3)
FLOAT32 = Tensor("in", (1, 4), "float32")


def _dataset(samples: object, dtype: str) -> Dataset:
    values = np.array(samples, dtype).reshape(-1, 4)
    return Dataset("made", values, np.zeros(len(values), np.int64), "here")


def _model(*inputs: Tensor) -> Model:
    return Model("m", Path("m.tflite"), "0", 0, inputs, inputs, ())


def test_real_values_round_half_away_from_zero_as_in_tflite() -> None:
    data = _dataset([0.25, -0.25, 0.75, -0.75], "float32")
    assert quantize_samples(data, INT8).tolist() == [[4, 2, 5, 1]]


def test_real_values_saturate() -> None:
    assert quantize_samples(_dataset([1e9, -1e9, 62, -65.5], "float32"), INT8).tolist() == [[127, -128, 127, -128]]


@given(arrays.arrays(np.int8, (3, 4)))
def test_quantized_values_survive_the_way_to_real_ones_and_back(
    stored: np.ndarray[tuple[int, int], np.dtype[np.int8]],
) -> None:
    real = (stored.astype(np.float32) - 3) * np.float32(0.5)
    np.testing.assert_array_equal(quantize_samples(_dataset(real, "float32"), INT8), stored)


def test_integers_of_the_models_type_pass_unchanged_and_wider_ones_if_they_fit() -> None:
    stored = [[-128, 0, 5, 127]]
    assert quantize_samples(_dataset(stored, "int8"), INT8).tolist() == stored
    assert quantize_samples(_dataset(stored, "int64"), INT8).dtype == np.int8


@pytest.mark.parametrize(
    ("samples", "dtype", "tensor", "words"),
    [
        ([0, 1, 2, 200], "uint8", INT8, "exceed the model's int8"),
        ([0, 1, 2, 3], "uint8", FLOAT32, "store real values as float32"),
        ([0, 1, 2, np.nan], "float32", INT8, "not finite"),
        ([0, 1, 2, np.inf], "float32", FLOAT32, "not finite"),
        ([0, 1, 2, 3], "float32", Tensor("in", (1, 4), "int8"), "has no scale"),
        ([0, 1, 2, 3], "float32", Tensor("in", (1, 5), "int8", 1.0, 0), r"the model takes \(5,\)"),
    ],
)
def test_samples_that_do_not_fit_are_refused(samples: object, dtype: str, tensor: Tensor, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        quantize_samples(_dataset(samples, dtype), tensor)


def test_dimensions_of_one_may_be_left_out() -> None:
    assert quantize_samples(_dataset([1, 2, 3, 4], "int8"), Tensor("in", (1, 4, 1), "int8")).shape == (1, 4, 1)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 5))
def test_random_inputs_are_the_same_for_the_same_seed(seed: int, count: int) -> None:
    model = _model(INT8)
    first = random_inputs(model, count, seed)
    assert (first.shape, str(first.dtype)) == ((count, 4), "int8")
    np.testing.assert_array_equal(first, random_inputs(model, count, seed))


def test_random_inputs_take_the_whole_range_of_int8_and_the_zoos_of_real_values() -> None:
    stored = random_inputs(_model(INT8), 2000, 0)
    assert (stored.min(), stored.max()) == (-128, 127)
    real = random_inputs(Model("ic_resnet8", Path("x"), "0", 0, (FLOAT32,), (FLOAT32,), ()), 2000, 0)
    assert 0 <= real.min() < 1
    assert 254 < real.max() <= 255


def test_several_inputs_are_joined_as_bytes_in_order() -> None:
    model = _model(INT8, FLOAT32)
    rows = random_inputs(model, 7, 0)
    assert (rows.shape, str(rows.dtype)) == ((7, 4 + 16), "uint8")
    assert 0 <= rows[:, 4:].copy().view("<f4").min() <= 1
    np.testing.assert_array_equal(to_rows(model.inputs, rows), rows)


def test_rows_give_back_the_samples() -> None:
    samples = random_inputs(_model(FLOAT32), 3, 0)
    np.testing.assert_array_equal(from_rows([FLOAT32], to_rows([FLOAT32], samples)), samples)


def test_samples_of_another_type_are_no_rows() -> None:
    with pytest.raises(DatasetError, match="the model takes"):
        to_rows([INT8], np.zeros((1, 4), np.float32))
