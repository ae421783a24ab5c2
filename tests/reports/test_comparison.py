"""Builds of one variant on one board are set side by side, layer by layer."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.bench.layer_time import LayerTime
from harness.bench.measurement import Provenance
from harness.results.record import Record
from reports.comparison import Comparison, comparisons
from reports.view import groups
from tests.reports.sample_records import sample_records

LAYERS = ("conv", "relu", "pool", "dense")


def step(layers: tuple[str, ...], cycles: float) -> LayerTime:
    return LayerTime("_".join(layers), layers, cycles, 10 * len(layers), Provenance.SIMULATED)


def record(backend: str, *steps: LayerTime) -> Record:
    first = next(one for one in sample_records() if one.layers)
    return replace(first, case=backend, candidate=replace(first.candidate, backend=backend), layers=steps)


def compared(*records: Record) -> Comparison:
    (group,) = groups(records)
    (comparison,) = comparisons(group.rows)
    return comparison


def test_layers_that_one_backend_fuses_are_one_row_for_all() -> None:
    found = compared(
        record("fused", step(("conv", "relu"), 50), step(("pool",), 7), step(("dense",), 3)),
        record("plain", step(("conv",), 40), step(("relu",), 20), step(("pool",), 5), step(("dense",), 3)),
    )
    assert [(block.layers, block.cycles, block.best) for block in found.blocks] == [
        ("conv, relu", (50, 60), 0),
        ("pool", (7, 5), 1),
        ("dense", (3, 3), None),
    ]
    assert found.totals == (60, 68)
    assert [found.name(row) for row in found.rows] == ["fused", "plain"]


def cuts(draw: st.DrawFn) -> tuple[LayerTime, ...]:
    edges = sorted(draw(st.sets(st.integers(1, len(LAYERS) - 1))))
    pieces = zip([0, *edges], [*edges, len(LAYERS)], strict=True)
    return tuple(step(LAYERS[a:b], draw(st.integers(1, 1000))) for a, b in pieces)


fusions = st.composite(cuts)()


@given(st.lists(fusions, min_size=2, max_size=4))
def test_however_backends_fuse_no_cycle_is_lost_and_no_layer_told_twice(steps: list[tuple[LayerTime, ...]]) -> None:
    found = compared(*(record(f"b{number}", *own) for number, own in enumerate(steps)))
    sums = [sum(block.cycles[index] for block in found.blocks) for index in range(len(steps))]
    assert sums == list(found.totals) == [sum(one.cycles for one in own) for own in steps]
    assert ", ".join(block.layers for block in found.blocks) == ", ".join(LAYERS)


def test_a_candidate_alone_is_not_compared() -> None:
    (group,) = groups([record("only", step(("conv",), 1))])
    assert comparisons(group.rows) == ()
