"""Do digits need a network? Tree, forest and perceptron of scikit-learn beside LeNet-5, on the same held-out digits."""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure


@pytest.mark.parametrize(
    ("model", "quantization", "backend"),
    [
        ("digits_tree", "float32", "emlearn"),
        ("digits_tree", "int16", "emlearn"),
        ("digits_forest", "float32", "emlearn"),
        ("digits_forest", "int16", "emlearn"),
        ("digits_mlp", "float32", "emlearn"),
        ("lenet5_digits", "int8", "tvm"),
        ("lenet5_digits", "int8", "portable_c"),
    ],
)
def test_digits(model: str, quantization: str, backend: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization, backend=backend))
