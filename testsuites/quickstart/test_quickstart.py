"""Quickstart: two small models, in float and in int8, on every board of the rack, against `limits.toml`."""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure


@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("model", ["lenet5_digits", "kws_ds_cnn"])
def test_candidate(model: str, quantization: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization))
