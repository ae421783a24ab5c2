"""Half of ResNet-8's channels: how many cycles that saves, and what it costs in accuracy."""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure


@pytest.mark.parametrize("optimize", ["", "channels50"], ids=["whole", "channels50"])
def test_resnet8(optimize: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy("resnet8_digits", "int8", optimize=optimize))
