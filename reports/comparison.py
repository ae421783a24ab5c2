"""Layer by layer, where one candidate beats another: the cycles of several builds of one variant on one board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.results.record import LayerTime
from reports.view import Row, clean


@dataclass(frozen=True)
class Block:
    """Layers that every candidate computes in steps of their own, so that their cycles compare.

    Attributes:
        layers: names, joined.
        cycles: of each candidate, in the order of `Comparison.rows`.
        macs: of these layers; 0 where they do none.
        best: index of the candidate that takes fewest cycles; None where several do.
    """

    layers: str
    cycles: tuple[float, ...]
    macs: int
    best: int | None


@dataclass(frozen=True)
class Comparison:
    """Candidates that differ in backend or build alone.

    Attributes:
        title: what they have in common.
        totals: cycles of all layers, by candidate.
    """

    title: str
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...]
    totals: tuple[float, ...]

    def name(self, row: Row) -> str:
        """What tells a candidate from the others here."""
        candidate = row.record.candidate
        backends = {each.record.candidate.backend for each in self.rows}
        builds = {each.record.candidate.build for each in self.rows}
        named = ((candidate.backend, len(backends) > 1), (candidate.build, len(builds) > 1))
        return clean(" ".join(text for text, is_told in named if is_told) or row.label)


def comparisons(rows: Iterable[Row]) -> tuple[Comparison, ...]:
    """One for each variant of a model and each board on which at least two candidates were measured by layer."""
    alike: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        candidate = row.record.candidate
        if row.record.layers:
            variant = candidate.model, candidate.quantization, candidate.optimize
            alike[*variant, candidate.board].append(row)
    return tuple(
        _compared(clean(" ".join(filter(None, (quantization, optimize, board)))), members)
        for (_, quantization, optimize, board), members in alike.items()
        if len(members) > 1
    )


def _compared(title: str, rows: Sequence[Row]) -> Comparison:
    layers = [row.record.layers for row in rows]
    blocks = tuple(_block(names, layers) for names in _common_blocks(layers))
    return Comparison(title, tuple(rows), blocks, tuple(sum(step.cycles for step in steps) for steps in layers))


def _common_blocks(candidates: Sequence[Sequence[LayerTime]]) -> list[list[str]]:
    """The finest partition of the layers that cuts no step of any candidate, in the order of the first candidate."""
    block_of: dict[str, list[str]] = {}
    for step in (step for steps in candidates for step in steps):
        names = step.layers or (step.kernel,)
        joined = list(dict.fromkeys(name for own in names for name in block_of.get(own, [own])))
        block_of.update(dict.fromkeys(joined, joined))
    return list({id(block): block for block in block_of.values()}.values())


def _block(names: Sequence[str], candidates: Sequence[Sequence[LayerTime]]) -> Block:
    inside = set(names)
    steps = [[s for s in steps if inside & set(s.layers or (s.kernel,))] for steps in candidates]
    cycles = tuple(sum(step.cycles for step in own) for own in steps)
    least = [index for index, value in enumerate(cycles) if value == min(cycles)]
    macs = max(sum(step.macs for step in own) for own in steps)
    return Block(clean(", ".join(names)), cycles, macs, least[0] if len(least) == 1 else None)
