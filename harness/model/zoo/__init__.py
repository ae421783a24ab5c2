"""The zoo: models that are built, and where there is data trained, from code here; importing it is cheap."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.zoo import ad_autoencoder, classical, ic_resnet8, kws_ds_cnn, lenet5_digits, vww_mobilenet_v1
from harness.model.zoo.entry import ClassicalEntry, Entry, ZooEntry

__all__ = ["CLASSICAL", "NETWORKS", "ZOO", "ClassicalEntry", "Entry", "ZooEntry"]

_ARCHITECTURES = (lenet5_digits, kws_ds_cnn, ic_resnet8, vww_mobilenet_v1, ad_autoencoder)
NETWORKS: Mapping[str, ZooEntry] = {architecture.ENTRY.name: architecture.ENTRY for architecture in _ARCHITECTURES}
CLASSICAL: Mapping[str, ClassicalEntry] = {entry.name: entry for entry in classical.ENTRIES}
ZOO: Mapping[str, Entry] = {**NETWORKS, **CLASSICAL}
