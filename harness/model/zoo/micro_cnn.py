"""MicroCNN: two strided convolutions and an average.

TDSE names a MicroCNN and publishes none. This one is ours: the smallest CNN that reads digits.
"""

from __future__ import annotations

from dataclasses import replace

from harness.model.datasets.sources import data_spec
from harness.model.description.description import Cnn, Description
from harness.model.zoo.find import entry_of

_NETWORK = Cnn(((8, 3, 2), (16, 3, 2), (0, 0, 0)))

ENTRY = replace(
    entry_of(Description("micro_cnn", _NETWORK, data_spec("digits"), title="MicroCNN")),
    source="defined here; the MicroCNN of TDSE is unpublished",
)
