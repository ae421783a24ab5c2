"""With a real tree of TensorFlow Lite Micro: firmware that runs, in the smallest arena, layer by layer."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.bench.agreement import compare, output_steps
from harness.bench.device import Device
from harness.bench.footprint import read_footprint
from harness.bench.runner import Plan, prepare
from harness.board.board_file import load_board
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.machine_console import MachineConsole
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.options import O2, BuildOptions, Kernels, LinkTime, Optimization
from harness.deploy.quantize_math import Rounding
from harness.deploy.tflm import TflmBackend
from harness.deploy.tflm import backend as tflm
from harness.deploy.tflm.backend import QUANTIZATIONS, read_arena
from harness.errors import FirmwareError, UnsupportedModelError
from harness.model.tflite_graph import open_graph
from harness.optimize import make_variant
from harness.optimize.variant import Quantization, Variant
from harness.paths import cache_directory
from tests.deploy.agreement import Reference
from tests.deploy.test_dense_tolerance import dense_layers, dense_outputs
from tests.deploy.tflm.test_tflm_backend import chain
from tests.deploy.tiny_model import TinyModel, variant_of
from tests.model.own_interpreter import needs_tflm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("TFLM_ROOT" not in os.environ, reason="TFLM_ROOT names no tree of TensorFlow Lite Micro"),
]
L4R5 = load_board("nucleo_l4r5zi")
REFERENCE = replace(O2, kernels=Kernels.REFERENCE)


def classifier(path: Path) -> Variant:
    """A convolution, a dense layer and a softmax, all int8."""
    rng, tiny = np.random.default_rng(1), TinyModel()
    x = tiny.tensor((1, 6, 6, 3), scale=0.05, zero_point=3)
    w = tiny.tensor((8, 3, 3, 3), scale=np.full(8, 0.01), data=rng.integers(-127, 128, (8, 3, 3, 3)))
    b = tiny.tensor((8,), "int32", scale=np.full(8, 0.0005), data=rng.integers(-999, 999, 8))
    maps = tiny.tensor((1, 3, 3, 8), scale=0.1, zero_point=-5)
    tiny.operator("CONV_2D", [x, w, b], maps, "Conv2DOptions", strideW=2, strideH=2, padding=0)
    w = tiny.tensor((4, 72), scale=0.01, data=rng.integers(-127, 128, (4, 72)))
    b = tiny.tensor((4,), "int32", scale=0.001, data=rng.integers(-999, 999, 4))
    logits = tiny.tensor((1, 4), scale=0.2)
    tiny.operator("FULLY_CONNECTED", [maps, w, b], logits, "FullyConnectedOptions")
    y = tiny.tensor((1, 4), scale=1 / 256, zero_point=-128)
    tiny.operator("SOFTMAX", [logits], y, "SoftmaxOptions", beta=1.0)
    return variant_of(tiny.write(path / "classifier.tflite", [x], [y]))


def start(firmware: Firmware) -> Device:
    """The firmware on a virtual board."""
    machine = Machine(L4R5)
    load_image(machine, read_image(firmware.elf, L4R5), L4R5)
    machine.reset()
    machine.chip.engine.clock.state.timed = 1
    device = Device(MachineConsole(machine), firmware)
    device.connect()
    return device


@needs_tflm
@pytest.mark.parametrize("options", [O2, REFERENCE], ids=str)
def test_dense_layers_round_twice_and_stay_within_the_stated_bound(options: BuildOptions, tmp_path: Path) -> None:
    variant = variant_of(dense_layers(tmp_path, 3, 2, 3 / 40))
    graph = open_graph(variant.model)
    firmware = build_firmware(variant, L4R5.target, TflmBackend(), options)
    device, work = start(firmware), prepare(variant, Plan(random_samples=200), firmware.interpreter)
    outputs = [device.infer(data).output for data in work.inputs]
    given = [np.frombuffer(data, np.int8).astype(np.int64) for data in work.inputs]
    twice = [dense_outputs(graph, stored, Rounding.TWICE).astype(np.int8).tobytes() for stored in given]
    once = [dense_outputs(graph, stored, Rounding.ONCE).astype(np.int8).tobytes() for stored in given]
    assert (outputs, list(work.references), list(work.own_references)) == (twice, once, twice)
    agreement = compare(outputs, work.references, variant.model.outputs, stated=firmware.tolerance)
    assert agreement.largest > 0
    assert not agreement.disagreement


@pytest.mark.parametrize("quantization", QUANTIZATIONS, ids=str)
def test_what_is_claimed_is_built_and_agrees_with_the_host(quantization: Quantization) -> None:
    variant = make_variant("cnn_3", quantization)
    claims = TflmBackend().claims()
    assert {layer.op for layer in variant.model.layers} <= set(claims.operators[quantization])
    firmware = build_firmware(variant, L4R5.target, TflmBackend())
    device, work = start(firmware), prepare(variant, Plan(random_samples=5))
    outputs = [device.infer(data).output for data in work.inputs]
    steps = output_steps(variant.model)
    assert not compare(outputs, work.references, variant.model.outputs, steps, firmware.tolerance).disagreement


@pytest.mark.parametrize("quantization", [Quantization.DYNAMIC, Quantization.FLOAT16], ids=str)
def test_what_is_not_claimed_is_refused(quantization: Quantization) -> None:
    assert quantization not in TflmBackend().claims().operators
    assert TflmBackend().complaints(make_variant("cnn_3", quantization), L4R5.target, O2)


@pytest.mark.parametrize("options", [O2, REFERENCE, replace(O2, link_time=LinkTime.LTO)], ids=str)
def test_the_board_answers_as_the_host_does_layer_by_layer(options: BuildOptions, tmp_path: Path) -> None:
    variant = classifier(tmp_path)
    firmware = build_firmware(variant, L4R5.target, TflmBackend(), options)
    device, work = start(firmware), prepare(variant, Plan(random_samples=20))
    outputs = [device.infer(data).output for data in work.inputs]
    assert compare(outputs, work.references, variant.model.outputs).largest <= 1
    steps = device.profile(work.inputs[0])
    assert [step.layers for step in firmware.steps] == [(layer.name,) for layer in variant.model.layers]
    assert all(cycles > 100 for cycles in steps)
    assert sum(steps) == pytest.approx(device.infer(work.inputs[0]).cycles, rel=0.1)


def test_a_model_that_looks_up_what_its_input_points_to_is_built(tmp_path: Path) -> None:
    tiny = TinyModel()
    table = tiny.tensor((10, 3), scale=0.1, data=np.arange(30).reshape(10, 3))
    chosen = tiny.tensor((1, 400), "int32")
    found = tiny.operator("GATHER", [table, chosen], tiny.tensor((1, 400, 3), scale=0.1), "GatherOptions", axis=0)
    variant = variant_of(tiny.write(tmp_path / "gather.tflite", [chosen], [found]))
    device = start(build_firmware(variant, L4R5.target, TflmBackend()))
    indices = np.arange(400, dtype=np.int32).reshape(1, 400) % 10
    assert device.infer(indices.tobytes()).output == Reference(variant.model).run((indices,))[0].tobytes()


def test_weights_kernels_and_interpreter_are_counted_apart(tmp_path: Path) -> None:
    variant = classifier(tmp_path)
    firmware = build_firmware(variant, L4R5.target, TflmBackend())
    image = read_footprint(firmware, 0).image
    assert image["flash_weights"] == pytest.approx(variant.model.size, abs=600)
    assert image["flash_kernels"] > 5_000
    assert image["flash_runtime"] > 10_000
    assert image["ram_model"] >= firmware.arena_bytes


def test_the_arena_is_the_smallest_that_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variant = classifier(tmp_path)
    firmware = build_firmware(variant, L4R5.target, TflmBackend())
    arena = read_arena(firmware)
    assert firmware.arena_bytes == arena.minimum
    assert firmware.arena_lower_bound <= arena.used <= arena.minimum <= arena.edgemark < arena.minimum + 512
    assert arena.edgemark % arena.edgemark_resolution == 0
    # What is built wrong on purpose must not be found by others; what was compiled for it is right.
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/tflm-objects").symlink_to(cache_directory() / "tflm-objects")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tflm, "measure_arena", lambda *_: replace(arena, minimum=arena.minimum - 16))
    smaller = build_firmware(variant, L4R5.target, TflmBackend())
    with pytest.raises(FirmwareError, match="did not start: its error 2"):
        start(smaller)


def test_a_layer_that_a_kernel_refuses_is_named_with_its_words(tmp_path: Path) -> None:
    variant = variant_of(chain(tmp_path, weights="int16"))
    with pytest.raises(UnsupportedModelError, match=r"refuses layer tensor_2 \(FULLY_CONNECTED\): .*failed to prepare"):
        build_firmware(variant, L4R5.target, TflmBackend())


def test_a_layer_that_a_kernel_refuses_as_it_runs_is_named_too(tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y = tiny.tensor((1, 8), scale=0.1), tiny.tensor((1, 8), scale=0.1)
    variant = variant_of(tiny.write(tmp_path / "neg.tflite", [x], [tiny.operator("NEG", [x], y)]))
    with pytest.raises(UnsupportedModelError, match=r"refuses layer tensor_1 \(NEG\): .*failed to invoke"):
        build_firmware(variant, L4R5.target, TflmBackend())


def test_other_cores_run_it_too(tmp_path: Path) -> None:
    variant = classifier(tmp_path)
    for name in ("nucleo_f746zg", "nucleo_u575zi_q"):
        spec = load_board(name)
        firmware = build_firmware(variant, spec.target, TflmBackend(), replace(O2, optimization=Optimization.OS))
        assert firmware.arena_bytes == read_arena(firmware).minimum
