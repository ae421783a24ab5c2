"""The sweep of the ETH toolchain: quantization x kernels x FPU x compiler flags, on every board of the rack.

pytest testsuites/eth_toolchain --explore -k "int8 and Ofast" --rack lab/racks/virtual_all.yaml --board nucleo_l496zg
"""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure

BUILDS = [
    *("Os", "O2", "O3", "Ofast"),
    *("Ofast-soft_float", "Ofast-reference", "Ofast-soft_float-reference"),
    *("Ofast-lto", "Os-lto", "Ofast-ram_weights"),
]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("backend", ["tvm"])
@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("model", ["lenet5_digits"])
def test_candidate(model: str, quantization: str, backend: str, build: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization, backend=backend, build=build))
