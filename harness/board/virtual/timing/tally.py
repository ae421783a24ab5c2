"""Adds up what a block costs, by cause, while a timing model goes through it."""

from __future__ import annotations

from collections import Counter

from harness.board.virtual.timing.block import EMPTY, BlockCost, Pipeline


class Tally:
    """A `BlockCost` in the making."""

    def __init__(self) -> None:
        self.total = 0
        self.pipelined: set[int] = set()
        self.hides_one: set[int] = set()
        self.divisions: dict[int, int] = {}
        self._causes: Counter[str] = Counter()

    def add(self, cause: str, cycles: int) -> None:
        """Charge cycles, or give some back."""
        self.total += cycles
        self._causes[cause] += cycles

    def result(self, taken: int = 0, leaves: Pipeline = EMPTY) -> BlockCost:
        """The whole."""
        return BlockCost(
            cycles=self.total,
            causes={cause: cycles for cause, cycles in self._causes.items() if cycles},
            taken=taken,
            exit=leaves,
            pipelined=frozenset(self.pipelined),
            hides_one=frozenset(self.hides_one),
            divisions=dict(self.divisions),
        )
