"""Portable C against the TFLite interpreter, operator by operator, and how it fits into the harness."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.board.board_file import load_board
from harness.deploy.build import build_firmware
from harness.deploy.options import O2
from harness.deploy.portable_c import PortableCBackend
from harness.deploy.portable_c.emx import compile_onnx, read_program
from harness.deploy.portable_c.requantize import with_exact_scaling
from harness.errors import BuildError
from harness.model.model import Model
from harness.model.tflite_graph import Graph, open_graph
from harness.model.tflite_reader import read_tflite
from harness.paths import REPOSITORY
from tests.deploy.agreement import Reference, largest_difference, random_inputs
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.portable_c.bouquet import IMAGE, Bouquet, element_wise, generated, rearranged, windows
from tests.deploy.scale_ratios import assert_all_values_agree, dense_ratios_of_small_integers
from tests.deploy.tiny_model import TinyModel, variant_of
from tests.deploy.tvm.test_tvm_int8_operators import (
    CONVOLUTIONS,
    DEPTHWISE,
    NONE,
    RELU,
    RELU6,
    SAME,
    VALID,
    add_convolution,
    convolution,
)

MODELS = REPOSITORY.parent / "shared" / "models" / "mlperf_tiny"


def test_int8_convolutions_and_dense_layers_are_exact(tmp_path: Path) -> None:
    rng, bouquet = np.random.default_rng(0), Bouquet("int8")
    cases = [(case, False) for case in CONVOLUTIONS.values()] + [(case, True) for case in DEPTHWISE.values()]
    for seed, (case, depthwise) in enumerate(cases):
        x, y = add_convolution(bouquet.tiny, case, depthwise, seed)
        bouquet.inputs.append(x)
        bouquet.outputs.append(y)
    for depth, features, rows, scale in ((16, 8, 1, 0.01), (7, 5, 1, 0.01), (130, 3, 1, 0.001), (8, 12, 3, 0.01)):
        inputs = [
            bouquet.source((rows, depth), 0.05, -128),
            bouquet.tiny.tensor((features, depth), scale=scale, data=rng.integers(-127, 128, (features, depth))),
            bouquet.tiny.tensor((features,), "int32", 0.05 * scale, data=rng.integers(-2000, 2000, features)),
        ]
        bouquet.layer("FULLY_CONNECTED", inputs, bouquet.data((rows, features), 0.08, 11), "FullyConnectedOptions")
    assert largest_difference(generated(bouquet.write(tmp_path), tmp_path / "code"), samples=8) == 0


def test_ties_of_dense_layers_are_rounded_as_tflites_scales_have_it(tmp_path: Path) -> None:
    assert_all_values_agree(generated(dense_ratios_of_small_integers(tmp_path / "model.tflite"), tmp_path / "code"))


def test_other_int8_layers_are_within_a_step(tmp_path: Path) -> None:
    bouquet = Bouquet("int8")
    for part in (element_wise, windows, rearranged):
        part(bouquet)
    bouquet.layer(
        "SOFTMAX", [bouquet.source((1, 10), 0.14)], bouquet.data((1, 10), 1 / 256, -128), "SoftmaxOptions", beta=1.0
    )
    real, stored = bouquet.source(IMAGE, dtype="float32"), bouquet.data(IMAGE, 0.011, 5)
    bouquet.layer("QUANTIZE", [real], stored, "QuantizeOptions", 1)
    bouquet.layer("QUANTIZE", [stored], bouquet.data(IMAGE, 0.02, -8), "QuantizeOptions")
    bouquet.layer("DEQUANTIZE", [bouquet.source(IMAGE)], bouquet.data(IMAGE, dtype="float32"), "DequantizeOptions")
    assert largest_difference(generated(bouquet.write(tmp_path), tmp_path / "code"), samples=8) <= 1


def _float_convolutions(bouquet: Bouquet) -> None:
    rng = np.random.default_rng(0)
    for depthwise, stride, padding, activation, size in (
        (False, 1, SAME, RELU, (6, 5)),
        (False, 2, SAME, NONE, (3, 3)),
        (True, 1, VALID, RELU6, (4, 3)),
        (True, 2, SAME, RELU, (3, 3)),
    ):
        shape, kind = ((1, 3, 3, 3), "Depthwise") if depthwise else ((4, 3, 3, 3), "")
        weights = bouquet.tiny.tensor(shape, "float32", data=rng.normal(size=shape))
        bias = bouquet.tiny.tensor((3 if depthwise else 4,), "float32", data=rng.normal(size=3 if depthwise else 4))
        options = {"padding": padding, "strideH": stride, "strideW": stride, "fusedActivationFunction": activation}
        more = {"depthMultiplier": 1} if depthwise else {}
        output = bouquet.data((1, *size, 3 if depthwise else 4))
        inputs = [bouquet.source(IMAGE), weights, bias]
        bouquet.layer(
            f"{kind.upper()}{'_' if kind else ''}CONV_2D", inputs, output, f"{kind}Conv2DOptions", **options, **more
        )


def test_float_layers_agree_to_the_last_digits(tmp_path: Path) -> None:
    bouquet = Bouquet("float32")
    for part in (element_wise, windows, rearranged, _float_convolutions):
        part(bouquet)
    for op in ("EXP", "SQRT"):
        bouquet.layer(op, [bouquet.outputs[0]], bouquet.data(IMAGE))
    inputs = [bouquet.source(IMAGE), bouquet.tiny.tensor((3,), "float32", data=np.array([0.5, 2, -3]))]
    bouquet.layer("DIV", inputs, bouquet.data(IMAGE), "DivOptions")
    weights = bouquet.tiny.tensor((5, 30), "float32", data=np.random.default_rng(1).normal(size=(5, 30)))
    scores = bouquet.layer(
        "FULLY_CONNECTED", [bouquet.source((1, 2, 15)), weights, -1], bouquet.data((1, 5)), "FullyConnectedOptions"
    )
    bouquet.layer("SOFTMAX", [scores], bouquet.data((1, 5)), "SoftmaxOptions", beta=1.0)
    bouquet.layer(
        "MEAN", [bouquet.source(IMAGE), bouquet.numbers(3)], bouquet.data((1, 6, 5, 1)), "ReducerOptions", keepDims=True
    )
    assert largest_difference(generated(bouquet.write(tmp_path), tmp_path / "code")) < 1e-5


def _network(path: Path) -> Model:
    """Two convolutions, their sum, pooling, reshape, dense."""
    rng, tiny = np.random.default_rng(3), TinyModel()

    def conv(source: int) -> int:
        weights = tiny.tensor((4, 3, 3, 4), scale=0.01, data=rng.integers(-127, 128, (4, 3, 3, 4)))
        options = {"padding": SAME, "strideH": 1, "strideW": 1, "fusedActivationFunction": RELU}
        bias = tiny.tensor((4,), "int32", scale=0.001, data=rng.integers(-500, 500, 4))
        made = tiny.tensor((1, 8, 8, 4), scale=0.1, zero_point=-128)
        return tiny.operator("CONV_2D", [source, weights, bias], made, "Conv2DOptions", **options)

    x = tiny.tensor((1, 8, 8, 4), scale=0.1, zero_point=-128)
    first = conv(x)
    total = tiny.tensor((1, 8, 8, 4), scale=0.15, zero_point=-128)
    tiny.operator("ADD", [first, conv(first)], total, "AddOptions")
    pooled = tiny.tensor((1, 1, 1, 4), scale=0.15, zero_point=-128)
    window = {"padding": VALID, "strideH": 8, "strideW": 8, "filterHeight": 8, "filterWidth": 8}
    tiny.operator("AVERAGE_POOL_2D", [total], pooled, "Pool2DOptions", **window)
    flat = tiny.tensor((1, 4), scale=0.15, zero_point=-128)
    shape = tiny.tensor((2,), "int32", data=np.array([1, 4]))
    tiny.operator("RESHAPE", [pooled, shape], flat, "ReshapeOptions", newShape=[1, 4], version=1)
    weights = tiny.tensor((5, 4), scale=0.01, data=rng.integers(-127, 128, (5, 4)))
    y = tiny.tensor((1, 5), scale=0.05)
    tiny.operator("FULLY_CONNECTED", [flat, weights, -1], y, "FullyConnectedOptions")
    return tiny.write(path / "network.tflite", [x], [y])


def test_every_layer_is_in_a_step_and_images_are_turned_once(tmp_path: Path) -> None:
    deployed = generated(_network(tmp_path), tmp_path / "code")
    assert largest_difference(deployed) <= 1
    names = [layer.name for layer in deployed.model.layers]
    assert [step.layers for step in deployed.code.steps] == [
        (names[0],),
        (names[1],),
        (names[2],),
        tuple(names[3:5]),
        (names[5],),
    ]
    counts = deployed.core.count_instructions(bytes(256))
    assert len(counts) == 5
    assert counts[0] > 20 * counts[3], "a convolution costs more than pooling"
    emx = (tmp_path / "code" / "emx_model.c").read_text()
    assert emx.count("OpType: Transpose") == 1
    image = 8 * 8 * 4
    assert deployed.code.arena_bytes == deployed.code.arena_lower_bound == 3 * image, "two summands and their sum"


def test_the_same_variant_gives_the_same_files(tmp_path: Path) -> None:
    model = convolution(CONVOLUTIONS["odd_channels"], tmp_path)
    for name in ("one", "two"):
        generated(model, tmp_path / name)
    for file in ("model.c", "emx_model.c"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_cortex_m0plus_without_fpu_gives_the_hosts_bytes(tmp_path: Path) -> None:
    from harness.bench.device import Device
    from tests.firmware.bench_board import virtual_board

    model = _network(tmp_path)
    firmware = build_firmware(variant_of(model), load_board("nucleo_g0b1re").target, PortableCBackend())
    (inputs,) = random_inputs(model, np.random.default_rng(0))
    (expected,) = Reference(model).run((inputs,))
    with virtual_board("nucleo_g0b1re") as dut:
        dut.probe.flash(firmware.elf)
        dut.probe.reset()
        device = Device(dut.console, firmware, 20)
        device.connect()
        answer = np.frombuffer(device.infer(inputs.tobytes()).output, np.int8)
    assert np.abs(answer.astype(int) - expected.ravel()).max() <= 1


def test_all_that_is_missing_is_listed_at_once_with_the_layers(tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y, z = (tiny.tensor((1, 8), scale=0.1) for _ in range(3))
    w = tiny.tensor((1, 8), "int16", scale=0.1)
    tiny.operator("SIN", [x], y)
    tiny.operator("SOFTMAX", [y], z, "SoftmaxOptions", beta=2.0)
    tiny.operator("RELU", [z], w)
    model = tiny.write(tmp_path / "model.tflite", [x], [w])
    complaints = PortableCBackend().complaints(variant_of(model), CORTEX_M4, O2)
    assert "layer tensor_1 (SIN): the operator is not supported" in complaints
    assert "layer tensor_2 (SOFTMAX): beta must be 1" in complaints
    assert "layer tensor_3 (RELU): tensor_3 is int16, not int8" in complaints
    assert "tensor tensor_3: int16 inputs and outputs are not supported" in complaints


def test_a_model_that_computes_nothing_is_refused(tmp_path: Path) -> None:
    bouquet = Bouquet("int8")
    bouquet.layer("SQUEEZE", [bouquet.source((1, 1, 7))], bouquet.data((1, 7)), "SqueezeOptions", 1, squeezeDims=[1])
    (complaint,) = PortableCBackend().complaints(variant_of(bouquet.write(tmp_path)), CORTEX_M4, O2)
    assert "nothing to compute" in complaint


def test_the_generators_own_words_are_kept(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="emx-onnx-cgen could not compile the model"):
        compile_onnx(b"this is no ONNX", tmp_path)


def test_complaining_imports_no_onnx_and_no_tensorflow() -> None:
    script = (
        "import sys, harness.deploy.portable_c as backend, harness.deploy.portable_c.supported\n"
        "assert backend.PortableCBackend().versions()['emx-onnx-cgen'] == '1.4.0'\n"
        "assert not {'onnx', 'emx_onnx_cgen', 'tensorflow'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "source",
    [
        "int main(void) { return 0; }",
        "\nvoid emx_model(const int8_t input_0[1], int8_t value_0[n]) {\n}\n",
        "\nvoid emx_model(const int8_t input_0[1], int8_t value_0[1]) {\n    surprise();\n}\n",
    ],
)
def test_c_that_is_written_otherwise_is_refused(source: str) -> None:
    with pytest.raises(BuildError, match="emx-onnx-cgen wrote"):
        read_program(source)


def test_a_convolution_whose_rounding_is_not_found_is_refused(tmp_path: Path) -> None:
    graph: Graph = open_graph(convolution(CONVOLUTIONS["one_of_all"], tmp_path))
    with pytest.raises(BuildError, match="no quantized convolution for layer"):
        with_exact_scaling("\nconst int x;\nEMX_NODE_FN void node0_layer_0_kernel_0(int a) {\n}\n", graph)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"])
def test_mlperf_tinys_int8_models_are_exact_on_noise(name: str, tmp_path: Path) -> None:
    if not MODELS.is_dir():
        pytest.skip(f"{MODELS} is not on this machine")
    deployed = generated(read_tflite(MODELS / f"{name}.tflite"), tmp_path / "code")
    assert largest_difference(deployed, samples=12) == 0
    assert deployed.code.arena_bytes == deployed.code.arena_lower_bound


@pytest.mark.slow
def test_a_float_resnet_agrees(tmp_path: Path) -> None:
    if not MODELS.is_dir():
        pytest.skip(f"{MODELS} is not on this machine")
    deployed = generated(read_tflite(MODELS / "pretrainedResnet.tflite"), tmp_path / "code")
    assert largest_difference(deployed, samples=3) < 1e-5
