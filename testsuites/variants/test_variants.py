"""Quantization x recipe of trained networks: what rounding, pruning and cutting channels cost and bring.

pytest testsuites/variants --explore --board nucleo_l4r5zi -k "channels50"
"""

from __future__ import annotations

import pytest

from harness.deploy.backends import backend_names
from harness.optimize.quantization import NETWORK_QUANTIZATIONS, Quantization
from harness.pytest_plugin.fixtures import Deploy, Measure

MODEL = "lenet5_digits"
# emlearn is for scikit-learn's classifiers.
BACKENDS = [name for name in backend_names() if name != "emlearn"]
RECIPES = ["channels25", "channels50", "channels50-distill", "cluster16", "prune80-cluster16"]
TRAINED_FOR_INT8 = ["qat", "channels50-qat", "prune80-qat", "cluster16-qat", "prune80-cluster16-qat"]
CALIBRATED = ["percentile", "mse", "per_tensor"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("quantization", NETWORK_QUANTIZATIONS, ids=str)
def test_quantized(quantization: Quantization, backend: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(MODEL, quantization, backend=backend))


@pytest.mark.parametrize("optimize", RECIPES)
@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_optimized(quantization: str, optimize: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(MODEL, quantization, optimize=optimize))


@pytest.mark.parametrize("sparsity", [0, 50, 80])
@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("model", [MODEL, "micro_cnn"])
def test_sparse(model: str, quantization: str, sparsity: int, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization, optimize=f"prune{sparsity}" if sparsity else ""))


@pytest.mark.parametrize("optimize", [*TRAINED_FOR_INT8, *CALIBRATED])
def test_int8(optimize: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(MODEL, "int8", optimize=optimize))
