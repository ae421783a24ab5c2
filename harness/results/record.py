"""The record of one benchmark case: what was run, how it ended, what was measured, and from what it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.bench.divergence import Divergence
from harness.bench.layer_time import LayerTime
from harness.bench.measurement import Measurement
from harness.bench.outcome import Outcome
from harness.bench.quantities import METRICS, QUANTITIES
from harness.bench.symbol_size import SymbolSize
from harness.model.training.history import History
from harness.value import Value

__all__ = ["Candidate", "Capacity", "LayerTime", "Origin", "Record"]

SCHEMA = 1


@dataclass(frozen=True)
class Candidate(Value):
    """A point of the design space: model variant x backend x build x board.

    Attributes:
        build: the build options, such as `O2`.
        optimize: the words of the recipe, such as `channels50-qat`; empty where the model is as it was trained.
    """

    model: str
    quantization: str
    backend: str
    build: str
    board: str
    optimize: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, (self.model, self.quantization, self.optimize, self.backend, self.board)))


@dataclass(frozen=True)
class Capacity(Value):
    """What the board offers: the base of limits in per cent, bytes and hertz."""

    flash_bytes: int
    ram_bytes: int
    clock_hz: int

    def of(self, quantity: str) -> int:
        """The memory that a quantity fills, in bytes; 0 for a quantity that fills none."""
        return {"flash": self.flash_bytes, "ram": self.ram_bytes, "": 0}[QUANTITIES[quantity].capacity]


@dataclass(frozen=True)
class Origin(Value):
    """From what a record was made, enough to make it again.

    Attributes:
        model_sha256, board_sha256: of the files.
        firmware_build_id: GNU build id; empty where nothing was built.
        versions: exact versions of all tools.
        flags: the compiler's.
        git_commit: of the harness, with `+changes` when the tree was not clean; empty outside a checkout.
        dut: the board of the rack that ran it; empty where none did.
        started: UTC, ISO 8601.
        seconds: wall time of the case.
    """

    model_sha256: str
    board_sha256: str
    firmware_build_id: str
    versions: Mapping[str, str]
    flags: tuple[str, ...]
    git_commit: str
    dut: str
    started: str
    seconds: float


@dataclass(frozen=True)
class Record(Value):
    """One case.

    Attributes:
        case: the pytest node id: unique within a run.
        limits: the constraints that held for this case, as text.
        macs: of one inference.
        symbols: what the largest functions and tables of the image take.
        training: how the model was trained; None for those that were not, or not here.
        made: the steps by which its variant was made, for people.
        divergence: the layer where board and host begin to differ, where they do and it was found.
    """

    case: str
    candidate: Candidate
    outcome: Outcome
    measurements: tuple[Measurement, ...]
    layers: tuple[LayerTime, ...]
    limits: tuple[str, ...]
    capacity: Capacity
    macs: int
    origin: Origin
    schema: int = SCHEMA
    divergence: Divergence | None = None
    symbols: tuple[SymbolSize, ...] = ()
    training: History | None = None
    made: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[Measurement, ...]:
        """How right its answers to labelled samples are on the board; what counts first, see `METRICS`."""
        return tuple(found for quantity in METRICS if (found := self.measurement(quantity)) is not None)

    def measurement(self, quantity: str) -> Measurement | None:
        """The measurement of a quantity, or None where the case has none."""
        return next((one for one in self.measurements if one.quantity == quantity), None)
