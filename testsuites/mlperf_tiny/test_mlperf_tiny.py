"""The four models of MLPerf Tiny, in int8, on every board of the rack."""

from __future__ import annotations

import pytest

from harness.pytest_plugin.fixtures import Deploy, Measure


@pytest.mark.parametrize("quantization", ["int8"])
@pytest.mark.parametrize("model", ["ad_autoencoder", "kws_ds_cnn", "ic_resnet8", "vww_mobilenet_v1"])
def test_candidate(model: str, quantization: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(model, quantization))
