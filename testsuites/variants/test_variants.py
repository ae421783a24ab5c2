"""Quantization x recipe of one trained network: what pruning, cutting channels and rounding cost and bring.

pytest testsuites/variants --explore --board nucleo_l4r5zi -k "channels50"
"""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure

RECIPES = ["", "channels25", "channels50", "channels50-distill", "prune50", "prune80", "cluster16", "prune80-cluster16"]
TRAINED_FOR_INT8 = ["qat", "channels50-qat", "prune80-qat", "cluster16-qat", "prune80-cluster16-qat"]
CALIBRATED = ["percentile", "mse", "per_tensor"]
QUANTIZATIONS = ["float32", "dynamic", "int8_float_io", "int8", "int16x8"]


@pytest.mark.parametrize("optimize", RECIPES)
@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_candidate(quantization: str, optimize: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy("lenet5_digits", quantization, optimize=optimize))


@pytest.mark.parametrize("optimize", [*TRAINED_FOR_INT8, *CALIBRATED])
def test_int8_candidate(optimize: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy("lenet5_digits", "int8", optimize=optimize))
