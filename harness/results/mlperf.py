"""What is kept of an MLPerf Tiny run: a record like any other's, and the lines that the official runner writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from harness.bench.measurement import Measurement, Provenance
from harness.bench.mlperf.accuracy import Accuracy
from harness.bench.mlperf.device import Identity
from harness.bench.mlperf.performance import Performance
from harness.bench.outcome import Outcome, Status
from harness.model.mlperf_tiny import Benchmark
from harness.results.origin import origin_of
from harness.results.record import Candidate, Capacity, Record
from harness.value import Value

if TYPE_CHECKING:
    from harness.board.spec import BoardSpec
    from harness.deploy.firmware import Firmware
    from harness.optimize.variant import Variant

UNKNOWN = "unknown"


@dataclass(frozen=True)
class MlperfResults(Value):
    """One run, whole: `results.json`.

    Attributes:
        board: the board's name; empty where only a port was known.
        image: file name of what was flashed; empty where nothing was.
        benchmark: None where the firmware names none of MLPerf Tiny's.
        performance, accuracy: that of the two which was measured.
    """

    board: str
    dut: str
    image: str
    identity: Identity
    benchmark: Benchmark | None
    provenance: Provenance
    performance: Performance | None = None
    accuracy: Accuracy | None = None

    def measurements(self) -> list[Measurement]:
        """Latency, energy, accuracy and area under the curve, those that there are."""
        found: dict[str, float | list[float]] = {}
        if self.performance:
            windows = self.performance.windows
            found["latency"] = [window.latency_s for window in windows]
            energies = [window.energy_j for window in windows if window.energy_j is not None]
            found.update({"energy": energies} if energies else {})
        if self.accuracy:
            shares = {"accuracy": self.accuracy.top1, "auc": self.accuracy.auc}
            found.update({quantity: value for quantity, value in shares.items() if value is not None})
        return [Measurement.of(quantity, samples, self.provenance) for quantity, samples in found.items()]

    def text(self) -> str:
        """`results.txt`: the lines that scripts look for in the official runner's, which has times before them."""
        lines = []
        if self.performance:
            lines.append(f"ulp-mlperf: Median throughput is {self.performance.throughput:>10.3f} inf./sec.")
        if self.accuracy and self.accuracy.top1 is not None:
            lines.append(f"ulp-mlperf: Top 1% = {100 * self.accuracy.top1:.1f}")
        if self.accuracy and self.accuracy.auc is not None:
            lines.append(f"ulp-mlperf: AUC = {self.accuracy.auc:.3f}")
        return "".join(f"{line}\n" for line in lines)


def mlperf_record(
    results: MlperfResults, spec: BoardSpec, variant: Variant | None, firmware: Firmware | None, started: datetime
) -> Record:
    """The record of a run.

    Args:
        variant, firmware: None for an image that was not built here; then the record calls it by the names that the
            firmware gives of itself.
    """
    named = results.benchmark.name if results.benchmark else results.identity.model
    candidate = Candidate(
        model=variant.model.name if variant else named or UNKNOWN,
        quantization=str(variant.quantization) if variant else UNKNOWN,
        backend=firmware.backend if firmware else results.identity.name or UNKNOWN,
        build=str(firmware.options) if firmware else results.image or UNKNOWN,
        board=spec.name,
        optimize=str(variant.recipe) if variant else "",
    )
    target = spec.target
    return Record(
        case=f"mlperf {'performance' if results.performance else 'accuracy'} {candidate}",
        candidate=candidate,
        outcome=Outcome(Status.PASSED),
        measurements=tuple(results.measurements()),
        layers=(),
        limits=(),
        capacity=Capacity(target.flash.size, target.ram.size, target.clock_hz),
        macs=variant.model.macs if variant else 0,
        origin=origin_of(variant.model if variant else None, spec, firmware, results.dut, started),
        made=variant.steps if variant else (),
    )
