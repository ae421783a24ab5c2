"""The backend as the harness sees it: complaints, steps, sizes, determinism, and what it may import."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from harness.bench.footprint import read_footprint
from harness.board.board_file import load_board
from harness.deploy.build import build_firmware
from harness.deploy.cmsis_nn import CmsisNnBackend
from harness.deploy.cmsis_nn.structures import buffer_bytes, dims, image
from harness.deploy.options import O2, Kernels, LinkTime
from harness.model.model import Model
from tests.deploy.agreement import deploy
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.tiny_model import TinyModel, variant_of


def _chain(path: Path) -> Model:
    """Average pooling, reshape, two dense layers of equal weights, softmax."""
    rng, tiny = np.random.default_rng(0), TinyModel()
    x = tiny.tensor((1, 4, 4, 8), scale=0.05, zero_point=-1)
    pooled = tiny.tensor((1, 1, 1, 8), scale=0.05, zero_point=-1)
    sizes = {"filterHeight": 4, "filterWidth": 4, "strideH": 4, "strideW": 4}
    tiny.operator("AVERAGE_POOL_2D", [x], pooled, "Pool2DOptions", **sizes)
    last = tiny.tensor((1, 8), scale=0.05, zero_point=-1)
    shape = tiny.tensor((2,), "int32", data=np.array([1, 8]))
    tiny.operator("RESHAPE", [pooled, shape], last, "ReshapeOptions", newShape=[1, 8], version=1)
    data = rng.integers(-127, 128, (8, 8))
    for _ in range(2):
        weights = tiny.tensor((8, 8), scale=0.004, data=data)
        made = tiny.tensor((1, 8), scale=0.05, zero_point=-1)
        last = tiny.operator("FULLY_CONNECTED", [last, weights, -1], made, "FullyConnectedOptions")
    y = tiny.tensor((1, 8), scale=1 / 256, zero_point=-128)
    tiny.operator("SOFTMAX", [last], y, "SoftmaxOptions", beta=1.0)
    return tiny.write(path / "chain.tflite", [x], [y])


@pytest.mark.usefixtures("kernels")
def test_every_layer_is_in_exactly_one_step_in_order(tmp_path: Path) -> None:
    model = _chain(tmp_path)
    deployed = deploy(CmsisNnBackend(), model, tmp_path / "code")
    steps = deployed.code.steps
    assert [layer for step in steps for layer in step.layers] == [layer.name for layer in model.layers]
    assert [step.kernel for step in steps] == [
        *("arm_avgpool_s8", "arm_fully_connected_s8", "arm_fully_connected_s8", "arm_softmax_s8")
    ]
    counts = deployed.core.count_instructions(bytes(128))
    assert len(counts) == len(steps)
    assert all(count > 50 for count in counts)
    assert deployed.code.sources[0].read_text().count("static const uint32_t") == 1, "equal weights are one array"


@pytest.mark.usefixtures("kernels")
def test_the_same_variant_gives_the_same_bytes(tmp_path: Path) -> None:
    variant = variant_of(_chain(tmp_path))
    codes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        codes.append(CmsisNnBackend().generate(variant, CORTEX_M4, O2, tmp_path / name))
    assert codes[0].kernel_archives == codes[1].kernel_archives
    assert codes[0].sources[0].read_bytes() == codes[1].sources[0].read_bytes()


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("link_time", LinkTime)
def test_an_image_tells_kernels_from_weights(link_time: LinkTime, tmp_path: Path) -> None:
    options = replace(O2, link_time=link_time)
    target = load_board("nucleo_l4r5zi").target
    firmware = build_firmware(variant_of(_chain(tmp_path)), target, CmsisNnBackend(), options)
    image = read_footprint(firmware, 0).image
    assert 900 < image["flash_kernels"] < 8000
    assert 64 < image["flash_weights"] < 1200
    assert firmware.arena_bytes <= image["ram_model"] < firmware.arena_bytes + 32
    assert image["ram_runtime"] < 200


@pytest.mark.usefixtures("kernels")
def test_the_size_of_a_workspace_is_what_the_kernel_says_for_the_core(tmp_path: Path) -> None:
    """As `arm_nnfunctions.h` has it: with the DSP extension, average pooling sums in 32 bits for each channel."""
    assert buffer_bytes("arm_avgpool_s8", True, 3, 20) == 80
    assert buffer_bytes("arm_avgpool_s8", False, 3, 20) == 0
    assert buffer_bytes("arm_convolve_s8", False, image((1, 9, 9, 5)), dims(8, 3, 3, 5)) == 2 * 48 * 2
    model = _chain(tmp_path)
    optimized = deploy(CmsisNnBackend(), model, tmp_path / "optimized")
    plain = deploy(CmsisNnBackend(), model, tmp_path / "plain", options=replace(O2, kernels=Kernels.REFERENCE))
    assert optimized.code.arena_lower_bound - plain.code.arena_lower_bound == 32


def test_all_that_is_missing_is_listed_at_once(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 4, 4, 8), scale=0.1)
    y = tiny.tensor((1, 4, 4, 8), scale=0.1)
    z = tiny.tensor((1, 4, 4, 8), "int16", scale=0.1)
    last = tiny.tensor((1, 4, 4, 8), scale=0.2)
    w = tiny.tensor((8, 3, 3, 4), scale=0.1, data=np.ones((8, 3, 3, 4)))
    b = tiny.tensor((8,), "int32", scale=0.01, data=np.ones(8))
    tiny.operator("CUMSUM", [x], y)
    tiny.operator("RELU", [y], z)
    tiny.operator("CONV_2D", [x, w, b], last, "Conv2DOptions", strideH=1, strideW=1)
    model = tiny.write(tmp_path / "model.tflite", [x], [z, last])
    complaints = CmsisNnBackend().complaints(variant_of(model), CORTEX_M4, O2)
    assert "layer tensor_1 (CUMSUM): the operator is not supported" in complaints
    assert "layer tensor_2 (RELU): tensor_1 is int8, the output int16" in complaints
    assert "layer tensor_3 (CONV_2D): grouped convolutions are not supported" in complaints


def test_what_kernels_would_ignore_is_refused(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 8), "int16", scale=0.1, zero_point=3)
    w = tiny.tensor((8, 8), scale=0.1, data=np.ones((8, 8)))
    dense, joined = tiny.tensor((1, 8), "int16", scale=0.1), tiny.tensor((1, 16), "int16", scale=0.1)
    shuffled = schema.FullyConnectedOptionsWeightsFormat.SHUFFLED4x16INT8
    tiny.operator("FULLY_CONNECTED", [x, w, -1], dense, "FullyConnectedOptions", weightsFormat=shuffled)
    clamp = schema.ActivationFunctionType.RELU
    tiny.operator(
        "CONCATENATION", [dense, dense], joined, "ConcatenationOptions", axis=1, fusedActivationFunction=clamp
    )
    y = tiny.tensor((1, 16), "int16", scale=0.1)
    tiny.operator("ADD", [joined, joined], y, "AddOptions", potScaleInt16=True)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert CmsisNnBackend().complaints(variant_of(model), CORTEX_M4, O2) == [
        "layer tensor_2 (FULLY_CONNECTED): tensor_0 is int16 with a zero point, which CMSIS-NN's kernels ignore",
        "layer tensor_2 (FULLY_CONNECTED): weights of the format SHUFFLED4x16INT8 are not supported",
        "layer tensor_3 (CONCATENATION): a fused activation is not supported",
        "layer tensor_4 (ADD): scales that are powers of two (pot_scale_int16) are not supported",
    ]


@pytest.mark.parametrize("computed", ["weights", "bias"])
def test_weights_that_are_not_constant_are_refused(computed: str, tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 4), scale=0.1)
    w = tiny.tensor((3, 4), scale=0.1, data=None if computed == "weights" else np.ones((3, 4)))
    b = tiny.tensor((3,), "int32", scale=0.01, data=None if computed == "bias" else np.ones(3))
    y = tiny.tensor((1, 3), scale=0.1)
    tiny.operator("FULLY_CONNECTED", [x, w, b], y, "FullyConnectedOptions")
    model = tiny.write(tmp_path / "model.tflite", [x, w if computed == "weights" else b], [y])
    complaints = CmsisNnBackend().complaints(variant_of(model), CORTEX_M4, O2)
    assert any("constant" in complaint for complaint in complaints)


def test_a_float_model_is_refused_by_name_of_its_layers(tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y = (tiny.tensor((1, 4), "float32") for _ in range(2))
    w = tiny.tensor((4, 4), "float32", data=np.ones((4, 4)))
    tiny.operator("FULLY_CONNECTED", [x, w, -1], y, "FullyConnectedOptions")
    complaints = CmsisNnBackend().complaints(variant_of(tiny.write(tmp_path / "model.tflite", [x], [y])), CORTEX_M4, O2)
    assert "layer tensor_1 (FULLY_CONNECTED): tensor_1 is float32, not int8 or int16" in complaints


def test_importing_and_refusing_fetches_and_imports_nothing_slow(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from harness.deploy.cmsis_nn import CmsisNnBackend\n"
        "assert 'cmsis-nn' in CmsisNnBackend().versions()\n"
        "assert not {'tvm', 'tensorflow'} & set(sys.modules), sorted(sys.modules)\n"
    )
    environment = {"HARNESS_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert not (tmp_path / "cache").exists()
