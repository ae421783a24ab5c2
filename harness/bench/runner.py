"""The measurement of one firmware on one board, from flashing to agreement with the host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

from harness.bench.agreement import Agreement, accuracy, compare
from harness.bench.device import Device, Inference
from harness.bench.footprint import Footprint, read_footprint
from harness.bench.layer_time import LayerTime
from harness.bench.measurement import Measurement, Provenance
from harness.board.dut import Dut
from harness.deploy.firmware import Firmware
from harness.errors import InfrastructureError
from harness.model.dataset import Dataset
from harness.model.datasets import quantize_samples, random_inputs
from harness.model.reference import run_reference
from harness.optimize.variant import Variant
from harness.progress import status, track

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        repeats: inferences timed one by one.
        dataset: streamed whole through the board, for accuracy and agreement; None: random inputs, no accuracy.
        random_samples: how many of them.
        seed: of the random inputs.
    """

    repeats: int = 10
    dataset: Dataset | None = None
    random_samples: int = 10
    seed: int = 0


@dataclass(frozen=True)
class Results:
    """What a run on the board gave.

    Attributes:
        disagreement: how board and host differ, where they do by more than is tolerated; else empty.
    """

    measurements: tuple[Measurement, ...]
    layers: tuple[LayerTime, ...]
    disagreement: str


def run(dut: Dut, variant: Variant, firmware: Firmware, plan: Plan) -> Results:
    """Flash the firmware and measure it.

    Raises:
        InfrastructureError: board, probe, console or analyzer failed.
        FirmwareError: the firmware hung or took a fault.
        DatasetError: the samples do not fit the model's input.
    """
    samples = _samples(variant, plan)
    with status(f"{dut.name}: flashing"):
        dut.probe.flash(firmware.elf)
        device = Device(dut.console, firmware)
        dut.probe.reset()
        device.connect()
    timed, energies = _timed(dut, device, [sample.tobytes() for sample in samples], plan.repeats)
    profile = device.profile(samples[0].tobytes())
    outputs = [one.output for one in track(_stream(device, samples), f"{dut.name}: streaming", len(samples))]
    agreement = compare(outputs, run_reference(variant.model, samples), variant.model.outputs)
    provenance = Provenance.SIMULATED if dut.simulated else Provenance.MEASURED
    measurements = [
        *_speed(timed, firmware.target.clock_hz, provenance),
        *_energy(energies, timed, firmware.target.clock_hz, provenance),
        *_memory(read_footprint(firmware, device.stack_bytes()), firmware, provenance),
        *_agreement(agreement, provenance),
    ]
    if plan.dataset is not None:
        right = accuracy(outputs, plan.dataset.labels, variant.model.outputs[0])
        measurements.append(Measurement.of("accuracy", right, provenance))
    return Results(tuple(measurements), _layers(profile, firmware, variant, provenance), agreement.disagreement)


def _samples(variant: Variant, plan: Plan) -> NDArray[np.generic]:
    if plan.dataset is None:
        return random_inputs(variant.model, plan.random_samples, plan.seed)
    return quantize_samples(plan.dataset, variant.model.inputs[0])


def _timed(dut: Dut, device: Device, inputs: list[bytes], repeats: int) -> tuple[list[int], list[float]]:
    """Cycles and, where there is an analyzer, energy in joule of each of `repeats` inferences."""
    if dut.energy is None:
        return [device.infer(data).cycles for data in islice(cycle(inputs), repeats)], []
    dut.energy.start()
    cycles = [device.infer(data).cycles for data in islice(cycle(inputs), repeats)]
    energies = dut.energy.stop().window_energies_j()
    if len(energies) != repeats:
        raise InfrastructureError(
            f"{dut.name}: the energy analyzer saw {len(energies)} trigger pulses for {repeats} inferences; "
            "check the trigger lead"
        )
    return cycles, energies


def _stream(device: Device, samples: NDArray[np.generic]) -> Iterable[Inference]:
    for sample in samples:
        yield device.infer(sample.tobytes())


def _speed(cycles: list[int], clock_hz: int, provenance: Provenance) -> list[Measurement]:
    return [
        Measurement.of("cycles", cycles, provenance),
        Measurement.of("latency", [count / clock_hz for count in cycles], provenance),
    ]


def _energy(energies: list[float], cycles: list[int], clock_hz: int, provenance: Provenance) -> list[Measurement]:
    if not energies:
        return []
    powers = [energy * clock_hz / count for energy, count in zip(energies, cycles, strict=True)]
    return [Measurement.of("energy", energies, provenance), Measurement.of("power", powers, provenance)]


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
