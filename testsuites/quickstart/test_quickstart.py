"""Quickstart: two small models, in float and in int8, on every board of the rack, against `limits.toml`."""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure

# Seeded also where Speech Commands is at hand: its training takes longer than a first look may.
_KWS = pytest.param("kws_ds_cnn?epochs=0", id="kws_ds_cnn")


@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("model", ["lenet5_digits", _KWS])
def test_candidate(model: str, quantization: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization))
