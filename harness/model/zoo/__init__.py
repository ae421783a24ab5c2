"""The zoo: models that are built, and where there is data trained, from code here; importing it is cheap."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.zoo import (
    ad_autoencoder,
    classical,
    edgemark,
    ic_resnet8,
    kws_ds_cnn,
    lenet5_digits,
    micro_cnn,
    mobilenet_v2,
    resnet20,
    sww_ds_cnn,
    vww_mobilenet_v1,
)
from harness.model.zoo.entry import ZooEntry

__all__ = ["ZOO", "ZooEntry"]

_ENTRIES = (
    *(lenet5_digits.ENTRY, kws_ds_cnn.ENTRY, ic_resnet8.ENTRY, vww_mobilenet_v1.ENTRY, ad_autoencoder.ENTRY),
    *(sww_ds_cnn.ENTRY, mobilenet_v2.ENTRY, lenet5_digits.MNIST, resnet20.ENTRY, lenet5_digits.CLASSIC),
    *(micro_cnn.ENTRY, ic_resnet8.DIGITS, *edgemark.ENTRIES),
    *classical.ENTRIES,
)
ZOO: Mapping[str, ZooEntry] = {entry.name: entry for entry in _ENTRIES}
