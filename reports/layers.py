"""The cycles of each layer, as bars."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.measurement import Provenance
from harness.results.record import Record
from reports.view import clean


@dataclass(frozen=True)
class Bar:
    """One step of the inference.

    Attributes:
        layers: of the model, that it computes.
        share: of the cycles of all steps.
        length: of the bar, as a ratio of the longest.
        cycles_per_mac: None for steps without multiply-accumulates.
    """

    kernel: str
    layers: str
    cycles: float
    share: float
    length: float
    macs: int
    cycles_per_mac: float | None


@dataclass(frozen=True)
class LayerChart:
    """The bars of one candidate, in the order of execution.

    Attributes:
        provenance: `simulated`, or several kinds joined by `and`.
        cycles_per_mac: over all steps; None for a model without multiply-accumulates.
    """

    bars: tuple[Bar, ...]
    provenance: str
    cycles: float
    cycles_per_mac: float | None


def layer_chart(record: Record) -> LayerChart:
    """The bars of a record that has layer times."""
    total = sum(layer.cycles for layer in record.layers)
    longest = max(layer.cycles for layer in record.layers)
    bars = tuple(
        Bar(
            kernel=clean(layer.kernel),
            layers=clean(", ".join(layer.layers)),
            cycles=layer.cycles,
            share=layer.cycles / total if total else 0.0,
            length=layer.cycles / longest if longest else 0.0,
            macs=layer.macs,
            cycles_per_mac=layer.cycles / layer.macs if layer.macs else None,
        )
        for layer in record.layers
    )
    macs = sum(layer.macs for layer in record.layers)
    kinds = {layer.provenance for layer in record.layers}
    provenance = " and ".join(kind for kind in Provenance if kind in kinds)
    return LayerChart(bars, provenance, total, total / macs if macs else None)
