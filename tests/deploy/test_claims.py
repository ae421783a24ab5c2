"""What `harness backend list` says of quantizations is what backends do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.deploy.backend import Claiming, complaints_of
from harness.deploy.backends import find_backend
from harness.deploy.options import O2
from harness.model.model import Model
from harness.optimize.quantization import NETWORK_QUANTIZATIONS, Quantization
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.tiny_model import TinyModel, variant_of

BIASES = {"float32": "float32", "int8": "int32", "int16": "int64"}


def dense(quantization: Quantization, path: Path) -> Model:
    """A dense layer as TFLite's converter stores it in that quantization."""
    tiny, computed = TinyModel(), quantization.activations
    integers = quantization.is_calibrated
    weights_type = "int8" if integers or quantization is Quantization.DYNAMIC else "float32"

    def activation(dtype: str = computed) -> int:
        return tiny.tensor((1, 4), dtype, None if dtype == "float32" else 0.1)

    def constant(shape: tuple[int, ...], dtype: str, scale: float) -> int:
        if quantization is Quantization.FLOAT16:
            half = tiny.tensor(shape, "float16", data=np.ones(shape))
            return tiny.operator("DEQUANTIZE", [half], tiny.tensor(shape, "float32"), "DequantizeOptions")
        return tiny.tensor(shape, dtype, None if dtype == "float32" else scale, data=np.ones(shape))

    given = x = activation(quantization.io)
    if quantization.io != computed:
        x = tiny.operator("QUANTIZE", [given], activation(), "QuantizeOptions")
    inputs = [x, constant((4, 4), weights_type, 0.1), constant((4,), BIASES[computed], 0.01)]
    y = tiny.operator("FULLY_CONNECTED", inputs, activation(), "FullyConnectedOptions")
    if quantization.io != computed:
        y = tiny.operator("DEQUANTIZE", [y], activation("float32"), "DequantizeOptions")
    return tiny.write(path, [given], [y])


@pytest.mark.parametrize("quantization", NETWORK_QUANTIZATIONS, ids=str)
@pytest.mark.parametrize("name", ["cmsis_nn", "portable_c", "tvm"])
def test_a_quantization_is_claimed_exactly_if_it_is_taken(
    name: str, quantization: Quantization, tmp_path: Path
) -> None:
    backend, model = find_backend(name), dense(quantization, tmp_path / "dense.tflite")
    assert isinstance(backend, Claiming)
    complaints = complaints_of(backend, variant_of(model, quantization), CORTEX_M4, O2)
    if quantization in backend.claims().operators:
        assert complaints == []
        assert {layer.op for layer in model.layers} - {"DEQUANTIZE"} <= {*backend.claims().operators[quantization]}
    else:
        (complaint,) = complaints
        assert complaint.startswith(f"{quantization} is not supported")
