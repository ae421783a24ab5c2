"""Networks that were measured by others: MLPerf Tiny's own files, and those of the zoo with the published layers.

The zoo's have seeded weights here, not trained ones: that theirs have the layers of the papers is assumed (LeNet-5 of
the ETH thesis that of LeCun et al. 1998, ResNet-20 that of He et al. 2015); EdgeMark's have its descriptions'.
"""

from __future__ import annotations

from pathlib import Path

from harness.model.zoo import ZOO
from harness.optimize import make_variant
from harness.optimize.variant import Quantization
from harness.paths import REPOSITORY

SHARED = REPOSITORY.parent / "shared"
MLPERF_FILES = {
    "AD": "ad01_int8.tflite",
    "IC": "pretrainedResnet_quant.tflite",
    "KWS": "kws_ref_model.tflite",
    "VWW": "vww_96_int8.tflite",
}
_OTHER_NAMES = {"LeNet5": "lenet5_classic", "ResNet20": "resnet20"}


def model_file(name: str, quantization: str) -> Path:
    """The `.tflite` of a network, from the cache where it was made before."""
    if name in MLPERF_FILES:
        return SHARED / "models" / "mlperf_tiny" / MLPERF_FILES[name]
    known = _OTHER_NAMES.get(name, name.lower())
    if known not in ZOO:
        raise SystemExit(f"{name}: the zoo has no such network")
    return make_variant(f"{known}?epochs=0", Quantization(quantization)).model.path
