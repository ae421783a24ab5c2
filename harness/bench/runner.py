"""The measurement of one firmware on one board, from flashing to agreement with the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from harness.bench.agreement import Agreement, compare, output_steps
from harness.bench.bisection import most_different
from harness.bench.correctness import check_labels, correctness
from harness.bench.device import Device
from harness.bench.divergence import Divergence
from harness.bench.footprint import Footprint, read_footprint, symbol_at
from harness.bench.image_symbols import read_symbol_sizes
from harness.bench.layer_time import LayerTime
from harness.bench.measurement import Measurement, Provenance
from harness.bench.symbol_size import SymbolSize
from harness.board.dut import Dut
from harness.deploy.firmware import Firmware
from harness.errors import FirmwareHangError, InfrastructureError
from harness.model.dataset import Dataset
from harness.model.reference import Interpreter, run_own_reference, run_reference
from harness.model.samples import quantize_samples, random_inputs, to_bytes
from harness.optimize.file_facts import file_facts
from harness.optimize.variant import Variant
from harness.progress import status, track


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        repeats: inferences timed one by one, after one that is not, so that caches are warm.
        inference_timeout: seconds that one may take before the firmware counts as hung.
        dataset: streamed whole through the board, for agreement and what its task asks for; None: random inputs.
        random_samples: how many of them.
        seed: of the random inputs.
    """

    repeats: int = 10
    inference_timeout: float = 60.0
    dataset: Dataset | None = None
    random_samples: int = 10
    seed: int = 0


@dataclass(frozen=True)
class Results:
    """What a run on the board gave.

    A virtual board that its rack keeps functional gives nothing that depends on time.

    Attributes:
        symbols: what the largest functions and tables of the image take.
        disagreement: how board and host differ, where they do by more than is tolerated; else empty.
        suspects: indices of the samples that differ most, where they do.
        divergence: the layer where they begin to, where that was looked for and found.
    """

    measurements: tuple[Measurement, ...]
    layers: tuple[LayerTime, ...]
    symbols: tuple[SymbolSize, ...]
    disagreement: str
    suspects: tuple[int, ...] = ()
    divergence: Divergence | None = None


@dataclass(frozen=True)
class Workload:
    """What goes through the board, made before one is leased.

    Attributes:
        inputs, references: of each sample, the model's input bytes and the output bytes that the host computes.
        dataset: what the answers are judged by; None where that can't be done.
        own_references: the output bytes that the runtime's own interpreter computes; none where TFLite's has to do.
    """

    inputs: tuple[bytes, ...]
    references: tuple[bytes, ...]
    dataset: Dataset | None
    own_references: tuple[bytes, ...]


@dataclass(frozen=True)
class Timed:
    """What was measured while the board counted time.

    Attributes:
        cycles: of each inference.
        energies: of each, joule; empty where there is no analyzer.
        steps: cycles of each step of one more.
    """

    cycles: tuple[int, ...]
    energies: tuple[float, ...]
    steps: tuple[int, ...]


def prepare(variant: Variant, plan: Plan, interpreter: Interpreter = Interpreter.TFLITE) -> Workload:
    """The samples, and the host's answers to them.

    Args:
        interpreter: that of the firmware's runtime.

    Raises:
        DatasetError: the samples do not fit the model's input, or the labels its output.
        ModelError: the TFLite interpreter refuses the model.
    """
    model, dataset = variant.model, plan.dataset
    if dataset is None:
        samples = random_inputs(model, plan.random_samples, plan.seed)
    else:
        check_labels(dataset, model.inputs[0], model.outputs[0])
        samples = quantize_samples(dataset, model.inputs[0])
    own = run_own_reference(model, samples, interpreter)
    return Workload(
        inputs=to_bytes(model.inputs, samples),
        references=to_bytes(model.outputs, run_reference(model, samples)),
        dataset=dataset,
        own_references=() if own is None else to_bytes(model.outputs, own),
    )


def run(dut: Dut, variant: Variant, firmware: Firmware, workload: Workload, plan: Plan) -> Results:
    """Flash the firmware and measure it.

    Raises:
        InfrastructureError: board, probe, console or analyzer failed.
        FirmwareError: the firmware hung or took a fault.
    """
    with status(f"{dut.name}: flashing"):
        dut.probe.flash(firmware.elf)
        device = Device(dut.console, firmware, plan.inference_timeout)
        dut.probe.reset()
    try:
        return _measure(dut, device, variant, firmware, workload, plan.repeats)
    except FirmwareHangError as error:
        where = symbol_at(firmware.elf, dut.probe.program_counter())
        raise FirmwareHangError(f"{error}; the probe found it in {where}") from error


def _measure(
    dut: Dut, device: Device, variant: Variant, firmware: Firmware, workload: Workload, repeats: int
) -> Results:
    device.connect()
    with dut.timed() as counts:
        timed = _timed(dut, device, workload.inputs, repeats) if counts else None
    answers = (device.infer(data).output for data in workload.inputs)
    outputs = list(track(answers, f"{dut.name}: streaming", len(workload.inputs)))
    outputs_of = variant.model.outputs
    steps = output_steps(variant.model)
    agreement = compare(outputs, workload.references, outputs_of, steps, firmware.tolerance)
    judged, judge = agreement, workload.references
    if workload.own_references:
        judge = workload.own_references
        giver = f"{firmware.interpreter.description} on the host"
        judged = compare(outputs, judge, outputs_of, steps, firmware.own_tolerance, giver)
    provenance = Provenance.SIMULATED if dut.simulated else Provenance.MEASURED
    measurements = [
        *(_speed(timed, firmware.target.clock_hz, provenance) if timed else ()),
        *_memory(read_footprint(firmware, device.stack_bytes()), firmware, provenance),
        *_agreement(agreement, provenance),
        *([Measurement.of("runtime_difference", judged.largest, provenance)] if workload.own_references else ()),
        *(Measurement.of(quantity, size, Provenance.MEASURED) for quantity, size in file_facts(variant.model).items()),
    ]
    if workload.dataset is not None:
        taken, given = variant.model.inputs[0], outputs_of[0]
        on_board, on_host = (
            correctness(workload.dataset, workload.inputs, one, taken, given) for one in (outputs, workload.references)
        )
        measurements += [Measurement.of(quantity, value, provenance) for quantity, value in on_board.items()]
        measurements += [
            Measurement.of(f"host_{quantity}", value, Provenance.MEASURED) for quantity, value in on_host.items()
        ]
    layers = _layers(timed.steps, firmware, variant, provenance) if timed else ()
    suspects = most_different(outputs, judge, outputs_of) if judged.disagreement else ()
    symbols = read_symbol_sizes(firmware)
    return Results(tuple(measurements), layers, symbols, judged.disagreement, tuple(suspects))


def _timed(dut: Dut, device: Device, inputs: Sequence[bytes], repeats: int) -> Timed:
    """Warm up, time `repeats` inferences, and one more step by step."""
    device.infer(inputs[0])
    if dut.energy is not None:
        dut.energy.start()
    cycles = [device.infer(data).cycles for data in islice(cycle(inputs), repeats)]
    energies = dut.energy.stop().window_energies_j() if dut.energy is not None else []
    if dut.energy is not None and len(energies) != repeats:
        raise InfrastructureError(
            f"{dut.name}: the energy analyzer saw {len(energies)} trigger pulses for {repeats} inferences; "
            "check the trigger lead"
        )
    return Timed(tuple(cycles), tuple(energies), device.profile(inputs[0]))


def _speed(timed: Timed, clock_hz: int, provenance: Provenance) -> list[Measurement]:
    seconds = [count / clock_hz for count in timed.cycles]
    speed = [Measurement.of("cycles", timed.cycles, provenance), Measurement.of("latency", seconds, provenance)]
    if not timed.energies:
        return speed
    powers = [energy / time for energy, time in zip(timed.energies, seconds, strict=True)]
    return [*speed, Measurement.of("energy", timed.energies, provenance), Measurement.of("power", powers, provenance)]


def _memory(footprint: Footprint, firmware: Firmware, provenance: Provenance) -> list[Measurement]:
    """Sizes in the image are exact; the stack, and with it the RAM total, is as good as the board that ran it."""
    exact = {**footprint.image, "arena": firmware.arena_bytes, "arena_lower_bound": firmware.arena_lower_bound}
    on_board = {"stack": footprint.stack, "ram": footprint.ram}
    return [
        *(Measurement.of(quantity, size, Provenance.MEASURED) for quantity, size in exact.items()),
        *(Measurement.of(quantity, size, provenance) for quantity, size in on_board.items()),
    ]


def _agreement(agreement: Agreement, provenance: Provenance) -> list[Measurement]:
    return [
        Measurement.of("max_difference", agreement.largest, provenance),
        Measurement.of("mean_difference", agreement.mean, provenance),
        Measurement.of("argmax_agreement", agreement.argmax_share, provenance),
    ]


def _layers(
    cycles: tuple[int, ...], firmware: Firmware, variant: Variant, provenance: Provenance
) -> tuple[LayerTime, ...]:
    macs = {layer.name: layer.macs for layer in variant.model.layers}
    return tuple(
        LayerTime(step.kernel, step.layers, count, sum(macs.get(name, 0) for name in step.layers), provenance)
        for step, count in zip(firmware.steps, cycles, strict=True)
    )
