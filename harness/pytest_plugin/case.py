"""One benchmark case while it runs: what is known so far, and the record that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.results.origin import origin_of
from harness.results.record import Candidate, Capacity, Record

if TYPE_CHECKING:
    from harness.bench.outcome import Outcome
    from harness.bench.runner import Results
    from harness.board.spec import BoardSpec
    from harness.deploy.firmware import Firmware
    from harness.explore.constraint import Constraint
    from harness.model.training.history import History
    from harness.optimize.variant import Variant


@dataclass
class Case:
    """What a case has come to; each stage fills in its part, so that a failure keeps all that was known before it."""

    node_id: str
    board: BoardSpec
    candidate: Candidate | None = None
    variant: Variant | None = None
    training: History | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    firmware: Firmware | None = None
    limits: tuple[Constraint, ...] = ()
    results: Results | None = None
    dut: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def capacity(self) -> Capacity:
        """What the board offers."""
        target = self.board.target
        return Capacity(target.flash.size, target.ram.size, target.clock_hz)

    def record(self, candidate: Candidate, outcome: Outcome) -> Record:
        """The record of this case, which ended so."""
        model = self.variant.model if self.variant else None
        return Record(
            case=self.node_id,
            candidate=candidate,
            outcome=outcome,
            measurements=self.results.measurements if self.results else (),
            layers=self.results.layers if self.results else (),
            limits=tuple(limit.text for limit in self.limits),
            capacity=self.capacity,
            macs=model.macs if model else 0,
            training=self.training,
            symbols=self.results.symbols if self.results else (),
            divergence=self.results.divergence if self.results else None,
            made=self.variant.steps if self.variant else (),
            origin=origin_of(model, self.board, self.firmware, self.dut, self.started, self.versions),
        )
