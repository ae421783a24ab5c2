"""Weights of four bits are read two from a byte; nothing else may be of four bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError
from harness.model.tflite_graph import open_graph
from harness.optimize import Quantization, variant_of_file
from tests.deploy.tiny_model import TinyModel


def _dense(path: Path, weights: np.ndarray[tuple[int, ...], np.dtype[np.int64]], constant: bool = True) -> Path:
    tiny = TinyModel()
    features, depth = weights.shape
    x = tiny.tensor((1, depth), scale=0.1)
    w = tiny.tensor(weights.shape, "int4", scale=0.1, data=weights if constant else None)
    y = tiny.tensor((1, features), scale=0.1)
    tiny.operator("FULLY_CONNECTED", [x, w, -1], y, "FullyConnectedOptions")
    tiny.write(path / "model.tflite", [x], [y])
    return path / "model.tflite"


def test_an_odd_number_of_them_is_read_with_their_signs(tmp_path: Path) -> None:
    weights = np.array([[-8, 7, 0, -1, 3], [1, -7, 5, -2, 6], [4, -4, 2, -3, -5]])
    variant = variant_of_file(_dense(tmp_path, weights))
    tensor = next(one for one in open_graph(variant.model).tensors if one.dtype == "int4")
    assert tensor.data is not None
    assert np.array_equal(tensor.data, weights)
    assert tensor.value().nbytes == 8
    assert variant.quantization is Quantization.INT8
    assert variant.model.parameters == 15


def test_what_is_computed_can_not_be_of_four_bits(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="int4 is supported for weights alone"):
        _dense(tmp_path, np.zeros((2, 2), np.int64), constant=False)
