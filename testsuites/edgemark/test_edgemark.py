"""EdgeMark's networks x every quantization x every backend, small ones first, trained for one epoch on noise.

pytest testsuites/edgemark --explore --board nucleo_l4r5zi -k "fc_ and int8"

`benchmarks/edgemark_table.py` makes the tables of docs/edgemark.md from the records of such a run.
"""

from __future__ import annotations

import pytest

from harness.deploy.backends import backend_names
from harness.optimize.quantization import NETWORK_QUANTIZATIONS, Quantization
from harness.pytest_plugin.fixtures import Deploy, Measure

TRAINED = [
    *("fc_0", "fc_1", "simple_rnn_0", "fc_2", "fc_3", "fc_4", "fc_5", "fc_6", "fc_7", "fc_8", "fc_9"),
    *("cnn_1", "cnn_2", "cnn_3", "fc_10", "cnn_4", "cnn_5", "cnn_6", "cnn_7"),
    *("simple_rnn_1", "shakespeare_1", "gru", "lstm", "simple_rnn_2", "shakespeare_2"),
]
SEEDED = ["ad_autoencoder", "kws_ds_cnn", "vww_mobilenet_v1", "ic_resnet8"]
"""EdgeMark loads MLPerf Tiny's weights instead of training these."""

# emlearn is for scikit-learn's classifiers.
BACKENDS = [name for name in backend_names() if name != "emlearn"]

pytestmark = [
    pytest.mark.parametrize("backend", BACKENDS),
    pytest.mark.parametrize("quantization", NETWORK_QUANTIZATIONS, ids=str),
]


@pytest.mark.parametrize("model", TRAINED)
def test_trained(model: str, quantization: Quantization, backend: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(f"{model}?data=random&epochs=1", quantization, backend=backend))


@pytest.mark.parametrize("model", SEEDED)
def test_seeded(model: str, quantization: Quantization, backend: str, deploy: Deploy, measure: Measure) -> None:
    measure(deploy(f"{model}?epochs=0", quantization, backend=backend))
