"""Acceptance: one model of yours against limits of yours.

pytest testsuites/acceptance --model my.tflite --dataset samples/ --board nucleo_l4r5zi --limit "latency <= 120 ms"
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure


def test_accepted(request: pytest.FixtureRequest, deploy: Deploy, measure: Measure) -> None:
    model = request.config.getoption("--model")
    if model is None:
        pytest.skip("name the model to judge: --model FILE")
    samples = request.config.getoption("--dataset")
    backend, quantization = map(request.config.getoption, ("--backend", "--quantization"))
    measure(deploy(Path(model), quantization, backend=backend, dataset=Path(samples) if samples else None))
