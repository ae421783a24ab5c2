"""A truncated model computes what the whole one has computed by then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.model.reference import run_reference
from harness.model.samples import random_inputs
from harness.model.tflite_reader import read_tflite
from harness.model.truncate import truncate
from tests.deploy.tiny_model import TinyModel


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """Three layers: x -> relu -> relu6 -> pad."""
    tiny = TinyModel()
    x = tiny.tensor((1, 2, 2, 3), scale=0.1)
    first = tiny.operator("RELU", [x], tiny.tensor((1, 2, 2, 3), scale=0.1))
    second = tiny.operator("RELU6", [first], tiny.tensor((1, 2, 2, 3), scale=0.1))
    paddings = tiny.tensor((4, 2), "int32", data=np.array([[0, 0], [1, 1], [0, 0], [0, 0]]))
    last = tiny.operator("PAD", [second, paddings], tiny.tensor((1, 4, 2, 3), scale=0.1), "PadOptions")
    tiny.write(tmp_path / "chain.tflite", [x], [last])
    return tmp_path / "chain.tflite"


def test_each_beginning_ends_with_its_last_layer(chain: Path) -> None:
    model = read_tflite(chain)
    for count in range(1, 4):
        begun = truncate(model, count)
        assert begun.layers == model.layers[:count]
        assert begun.outputs == model.layers[count - 1].outputs
        assert begun.inputs == model.inputs


def test_all_layers_compute_the_same_as_the_whole(chain: Path) -> None:
    model = read_tflite(chain)
    samples = random_inputs(model, 5, 0)
    assert np.array_equal(run_reference(truncate(model, 3), samples), run_reference(model, samples))
