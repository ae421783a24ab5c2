"""Acceptance: one model of yours against limits of yours.

pytest testsuites/acceptance --model my.tflite --dataset samples/ --board nucleo_l4r5zi --limit "latency <= 120 ms"
pytest testsuites/acceptance --model my.tflite --backend tvm --backend cmsis_nn --build O2 --build O3-lto
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure


def test_accepted(request: pytest.FixtureRequest, backend: str, build: str, deploy: Deploy, measure: Measure) -> None:
    model = request.config.getoption("--model")
    if model is None:
        pytest.skip("name the model to judge: --model FILE")
    samples = request.config.getoption("--dataset")
    data = Path(samples) if samples else None
    quantization, optimize = (request.config.getoption(option) for option in ("--quantization", "--optimize"))
    measure(deploy(model, quantization, optimize=optimize, backend=backend, build=build, dataset=data))
