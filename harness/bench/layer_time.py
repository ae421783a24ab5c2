"""Where the cycles of an inference went, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.measurement import Provenance
from harness.value import Value


@dataclass(frozen=True)
class LayerTime(Value):
    """Cycles of one step of the inference, mapped back to the model's layers.

    Attributes:
        macs: of those layers together.
    """

    kernel: str
    layers: tuple[str, ...]
    cycles: float
    macs: int
    provenance: Provenance
