"""Records as a run on two virtual boards gives them: twelve candidates, with every kind of ending among them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from harness.bench.layer_time import LayerTime
from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.explore.constraint import parse_constraint
from harness.explore.verdict import evaluate, outcome_of
from harness.results.record import Candidate, Capacity, Origin, Record
from harness.results.run import RunFacts

LIMITS = ("latency <= 120 ms", "ram <= 50 %", "accuracy >= 90 %")

_LIMITS = {
    "lenet5_digits": LIMITS,
    "kws_ds_cnn": (*LIMITS, "energy <= 6 mJ"),
    "vww_mobilenet": ("latency <= 150 ms", "ram <= 50 %"),
}
_SIMULATED, _COUNTED, _ESTIMATED = Provenance.SIMULATED, Provenance.MEASURED, Provenance.ESTIMATED


@dataclass(frozen=True)
class _Network:
    """layers: (kernel, MACs); activations: bytes in int8; accuracy: by quantization."""

    layers: tuple[tuple[str, int], ...]
    parameters: int
    activations: int
    accuracy: dict[str, float]


@dataclass(frozen=True)
class _Board:
    """watts: while an inference runs; cycles_per_mac: by quantization."""

    capacity: Capacity
    watts: float
    cycles_per_mac: dict[str, float]


_BLOCKS = tuple((f"{kind}{block}", macs) for block in range(1, 5) for kind, macs in (("dw", 72_000), ("pw", 512_000)))
_NETWORKS = {
    "lenet5_digits": _Network(
        (("conv1", 3_456), ("pool1", 0), ("conv2", 13_824), ("pool2", 0), ("dense1", 7_680), ("dense2", 10_080)),
        19_258,
        1_792,
        {"float32": 0.9861, "int8": 0.9833},
    ),
    "kws_ds_cnn": _Network(
        (("conv1", 320_000), *_BLOCKS, ("pool", 0), ("dense", 768)), 22_604, 16_128, {"float32": 0.96, "int8": 0.955}
    ),
    "vww_mobilenet": _Network(
        (("conv1", 497_664), *((f"pw{n}", 516_000) for n in range(1, 14)), ("dense", 512)),
        208_112,
        86_016,
        {"float32": 0.864, "int8": 0.859},
    ),
}
_BOARDS = {
    "nucleo_l4r5zi": _Board(Capacity(2 * 1024**2, 640 * 1024, 120_000_000), 0.078, {"float32": 6.1, "int8": 2.4}),
    "nucleo_f746zg": _Board(Capacity(1024**2, 320 * 1024, 216_000_000), 0.346, {"float32": 3.6, "int8": 1.5}),
}


def sample_facts() -> RunFacts:
    """The facts of the run that the records belong to."""
    command = ("pytest", "testsuites/quickstart", "--rack", "lab/racks/virtual.yaml", "-n", "2")
    commit = hashlib.sha1(b"commit").hexdigest()
    return RunFacts(command, "2026-11-20T10:16:05.120000+00:00", "0.1.0", commit, LIMITS, "lab/racks/virtual.yaml")


def sample_records() -> list[Record]:
    """Twelve candidates: some pass, some break a limit, and one each ends in every other common way."""
    records = {
        (model, quantization, board): _record(Candidate(model, quantization, "tvm", "O2", board))
        for model in _NETWORKS
        for quantization in ("float32", "int8")
        for board in _BOARDS
    }
    key = "vww_mobilenet", "float32", "nucleo_f746zg"
    reason = "does not fit: sram lacks 25,600 bytes"
    records[key] = _ended(records[key], Outcome(Status.DOES_NOT_FIT, reason, 25_600), ("flash", "ram", "arena"))
    key = "lenet5_digits", "float32", "nucleo_f746zg"
    records[key] = _ended(records[key], Outcome(Status.WRONG_OUTPUT, "argmax differs in 17 of 360 samples"))
    key = "kws_ds_cnn", "float32", "nucleo_f746zg"
    reason = "probe: no answer from DUT virtual-2 after 3 tries"
    records[key] = _ended(records[key], Outcome(Status.INFRASTRUCTURE_ERROR, reason), ())
    key = "vww_mobilenet", "int8", "nucleo_l4r5zi"
    kept = tuple(one.quantity for one in records[key].measurements if one.quantity != "accuracy")
    records[key] = _ended(records[key], Outcome(Status.PASSED), kept)
    key = "vww_mobilenet", "float32", "nucleo_l4r5zi"
    records[key] = _estimated(records[key])
    return [_judged(record) for record in records.values()]


def _record(candidate: Candidate) -> Record:
    network, board = _NETWORKS[candidate.model], _BOARDS[candidate.board]
    per_mac = board.cycles_per_mac[candidate.quantization]
    layers = tuple(
        LayerTime(
            f"fused_{kernel}", (kernel,), round(macs * per_mac * (1.8 if "dw" in kernel else 1)) + 900, macs, _SIMULATED
        )
        for kernel, macs in network.layers
    )
    origin = Origin(
        model_sha256=hashlib.sha256(f"{candidate.model} {candidate.quantization}".encode()).hexdigest(),
        board_sha256=hashlib.sha256(candidate.board.encode()).hexdigest(),
        firmware_build_id=hashlib.sha1(str(candidate).encode()).hexdigest(),
        versions={"apache-tvm": "0.27.0.post1", "arm-none-eabi-gcc": "12.2.1 20221205", "tinyml-harness": "0.1.0"},
        flags=("-mcpu=cortex-m4", "-O2", "-ffunction-sections"),
        git_commit=sample_facts().git_commit,
        dut=f"virtual-{1 + list(_BOARDS).index(candidate.board)}",
        started="2026-11-20T10:16:09+00:00",
        seconds=4.25,
    )
    return Record(
        case=f"testsuites/quickstart/test_quickstart.py::test_candidate[{candidate}]",
        candidate=candidate,
        outcome=Outcome(Status.PASSED),
        measurements=_measurements(candidate, sum(layer.cycles for layer in layers)),
        layers=layers,
        limits=_LIMITS[candidate.model],
        capacity=board.capacity,
        macs=sum(layer.macs for layer in layers),
        origin=origin,
    )


def _measurements(candidate: Candidate, cycles: float) -> tuple[Measurement, ...]:
    network, board = _NETWORKS[candidate.model], _BOARDS[candidate.board]
    item = 4 if candidate.quantization == "float32" else 1
    repeats = [cycles + offset for offset in (0, 120, 40, 0, 80)]
    seconds = [repeat / board.capacity.clock_hz for repeat in repeats]
    weights, arena = network.parameters * item, network.activations * item
    return (
        Measurement.of("latency", seconds, _SIMULATED),
        Measurement.of("cycles", repeats, _SIMULATED),
        Measurement.of("energy", [second * board.watts for second in seconds], _SIMULATED),
        Measurement.of("power", board.watts, _SIMULATED),
        Measurement.of("flash", weights + 21_400 + 260 * len(network.layers), _COUNTED),
        Measurement.of("flash_weights", weights, _COUNTED),
        Measurement.of("ram", arena + 9_216, _COUNTED),
        Measurement.of("stack", 1_384, _SIMULATED),
        Measurement.of("arena", arena, _COUNTED),
        Measurement.of("arena_lower_bound", round(arena * 0.91), _COUNTED),
        Measurement.of("accuracy", network.accuracy[candidate.quantization], _SIMULATED),
        Measurement.of(
            "argmax_agreement", 0.953 if candidate.model == "lenet5_digits" and item == 4 else 1, _SIMULATED
        ),
        Measurement.of("max_difference", 1 if item == 1 else 3.1e-6, _SIMULATED),
    )


def _ended(record: Record, outcome: Outcome, kept: tuple[str, ...] | None = None) -> Record:
    measurements = tuple(one for one in record.measurements if kept is None or one.quantity in kept)
    ran = any(one.quantity == "latency" for one in measurements)
    return replace(record, outcome=outcome, measurements=measurements, layers=record.layers if ran else ())


def _estimated(record: Record) -> Record:
    """The same numbers as a model of the board would give them, without running."""
    measurements = tuple(
        replace(one, provenance=_ESTIMATED) if one.provenance is _SIMULATED else one
        for one in record.measurements
        if one.quantity not in ("accuracy", "argmax_agreement", "max_difference")
    )
    layers = tuple(replace(layer, provenance=_ESTIMATED) for layer in record.layers)
    return replace(record, measurements=measurements, layers=layers, origin=replace(record.origin, dut=""))


def _judged(record: Record) -> Record:
    if record.outcome.status is not Status.PASSED:
        return record
    verdicts = [evaluate(parse_constraint(limit), record.measurements, record.capacity) for limit in record.limits]
    return replace(record, outcome=outcome_of(verdicts))


TASKS: dict[str, dict[str, float]] = {
    "words": {"accuracy": 0.9123, "macro_f1": 0.8765},
    "machine": {"auc": 0.871},
    "price": {"mae": 2.345, "rmse": 3.456},
    "play": {"accuracy": 0.31, "perplexity": 11.23},
}
"""Metrics by the names of models whose tasks they judge."""


def judged_records(tasks: dict[str, dict[str, float]]) -> list[Record]:
    """A candidate for each task that passed, without limits."""
    found = []
    for name, values in tasks.items():
        record = sample_records()[0]
        kept = [one for one in record.measurements if one.quantity != "accuracy"]
        metrics = [Measurement.of(quantity, value, _SIMULATED) for quantity, value in values.items()]
        candidate = replace(record.candidate, model=name, quantization="int16x8_float_io")
        one = replace(record, case=name, candidate=candidate, limits=(), measurements=(*kept, *metrics))
        found.append(replace(one, outcome=Outcome(Status.PASSED)))
    return found
