"""The four architectures of MLPerf Tiny, in int8, on every board of the rack; what is timed needs no training."""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure

_MODELS = ("ad_autoencoder", "kws_ds_cnn", "ic_resnet8", "vww_mobilenet_v1")


@pytest.mark.parametrize("quantization", ["int8"])
@pytest.mark.parametrize("model", [f"{name}?epochs=0" for name in _MODELS], ids=_MODELS)
def test_candidate(model: str, quantization: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization))
