"""Agreement of board and host, from raw output bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.bench.agreement import compare, decode, output_steps
from harness.deploy.backend import Tolerance
from harness.model.model import Tensor
from harness.optimize import Quantization, make_variant

INT8 = Tensor("scores", (1, 4), "int8", 0.1, 0)
FLOAT = Tensor("scores", (1, 4), "float32")
Rows = np.ndarray[tuple[int, int], np.dtype[np.int8]]
int8_rows = arrays(np.int8, st.tuples(st.integers(1, 6), st.just(4)))


@given(int8_rows)
def test_equal_outputs_agree_wholly(rows: Rows) -> None:
    outputs = [row.tobytes() for row in rows]
    agreement = compare(outputs, outputs, [INT8], [1])
    assert (agreement.largest, agreement.mean, agreement.argmax_share) == (0.0, 0.0, 1.0)
    assert not agreement.disagreement


@given(int8_rows, int8_rows)
def test_the_largest_difference_is_that_of_the_values(ours: Rows, theirs: Rows) -> None:
    count = min(len(ours), len(theirs))
    agreement = compare([r.tobytes() for r in ours[:count]], [r.tobytes() for r in theirs[:count]], [INT8], [1])
    expected = int(np.abs(ours[:count].astype(int) - theirs[:count].astype(int)).max())
    assert agreement.largest == expected
    assert bool(agreement.disagreement) == (expected > 1)


def test_a_nan_from_the_board_never_agrees() -> None:
    host = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    board = host.copy()
    board[2] = np.nan
    agreement = compare([board.tobytes()], [host.tobytes()], [FLOAT], [0])
    assert agreement.largest == np.inf
    assert agreement.disagreement


def test_a_wrong_second_output_is_named() -> None:
    tensors = [INT8, Tensor("boxes", (1, 2), "int8")]
    host = bytes([1, 2, 3, 4, 5, 6])
    agreement = compare([bytes([1, 2, 3, 4, 5, 9])], [host], tensors, [1, 1])
    assert "boxes" in agreement.disagreement


def test_a_float_that_was_rounded_to_steps_may_differ_by_one_of_them() -> None:
    model = make_variant("lenet5_digits", Quantization.INT8_FLOAT_IO).model
    (step,) = output_steps(model)
    assert step == 1 / 256
    host = np.array([0.25, 0.5, 0, 0, 0, 0, 0, 0, 0, 0], np.float32)
    near, far = host + np.float32(step), host + np.float32(2 * step)
    assert not compare([near.tobytes()], [host.tobytes()], model.outputs, [step]).disagreement
    assert compare([far.tobytes()], [host.tobytes()], model.outputs, [step]).disagreement
    assert compare([near.tobytes()], [host.tobytes()], model.outputs, [0]).disagreement


def test_decoding_takes_each_tensor_at_its_offset() -> None:
    rows = [bytes([1, 2, 3, 4, 250, 6])]
    assert decode(rows, Tensor("x", (1, 2), "uint8"), offset=4).tolist() == [[250.0, 6.0]]


@pytest.mark.parametrize(("tensor", "off"), [(FLOAT, 0.005), (INT8, 3)], ids=["float32", "int8"])
def test_outputs_may_be_off_as_far_as_their_code_states(tensor: Tensor, off: float) -> None:
    host, board = (np.array(row, tensor.dtype).tobytes() for row in ([0, 0, 0, 0], [0, off, 0, 0]))
    enough, little = (Tolerance(bound * off, "rounded twice") for bound in (1.01, 0.9))
    assert compare([board], [host], [tensor]).disagreement
    assert not compare([board], [host], [tensor], stated=enough).disagreement
    assert f"more than {little.bound:.2g}" in (found := compare([board], [host], [tensor], stated=little).disagreement)
    assert "(rounded twice)" in found


def test_a_stated_tolerance_takes_no_step_away() -> None:
    host, board = (np.array(row, np.int8).tobytes() for row in ([0, 0, 0, 0], [0, 1, 0, 0]))
    assert not compare([board], [host], [INT8], stated=Tolerance(0.5, "")).disagreement
