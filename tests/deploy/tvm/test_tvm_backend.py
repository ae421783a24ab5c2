"""The backend as the harness sees it: complaints, steps, determinism, and what it may import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.deploy.options import O2
from harness.deploy.tvm import TvmBackend
from harness.model.model import Model
from harness.optimize.variant import Quantization
from tests.deploy.on_core import CORTEX_M4, CORTEX_M7
from tests.deploy.tiny_model import TinyModel, variant_of
from tests.deploy.tvm.agreement import deploy, largest_difference
from tests.deploy.tvm.test_tvm_int8_operators import RELU, Case, convolution


def _chain(path: Path) -> Model:
    """Reshape, four equal dense layers, reshape: two of the dense layers have equal weights."""
    rng, tiny = np.random.default_rng(0), TinyModel()
    x = tiny.tensor((1, 4, 2), scale=0.05, zero_point=-1)
    shape = tiny.tensor((2,), "int32", data=np.array([1, 8]))
    last = tiny.tensor((1, 8), scale=0.05, zero_point=-1)
    tiny.operator("RESHAPE", [x, shape], last, "ReshapeOptions", newShape=[1, 8], version=1)
    shared = rng.integers(-127, 128, (8, 8))
    for layer in range(4):
        data = shared if layer < 2 else rng.integers(-127, 128, (8, 8))
        weights = tiny.tensor((8, 8), scale=0.004, data=data)
        made = tiny.tensor((1, 8), scale=0.05, zero_point=-1)
        last = tiny.operator("FULLY_CONNECTED", [last, weights, -1], made, "FullyConnectedOptions")
    shape = tiny.tensor((3,), "int32", data=np.array([1, 2, 4]))
    y = tiny.tensor((1, 2, 4), scale=0.05, zero_point=-1)
    tiny.operator("RESHAPE", [last, shape], y, "ReshapeOptions", newShape=[1, 2, 4], version=1)
    return tiny.write(path / "chain.tflite", [x], [y])


def test_every_layer_is_in_exactly_one_step_in_order(tmp_path: Path) -> None:
    model = _chain(tmp_path)
    code = deploy(model, tmp_path / "code").code
    assert [layer for step in code.steps for layer in step.layers] == [layer.name for layer in model.layers]
    assert all(step.layers for step in code.steps)


def test_layers_alike_share_one_kernel_and_equal_weights_one_array(tmp_path: Path) -> None:
    deployed = deploy(_chain(tmp_path), tmp_path / "code")
    assert len({step.kernel for step in deployed.code.steps}) == 1
    arrays = deployed.code.sources[0].read_text().count("static const uint32_t")
    assert arrays == 6, "three distinct weights and their channel parameters"
    assert largest_difference(deployed) == 0


def test_steps_are_reported_after_each(tmp_path: Path) -> None:
    deployed = deploy(_chain(tmp_path), tmp_path / "code")
    counts = deployed.core.count_instructions(bytes(8))
    assert len(counts) == len(deployed.code.steps) == 4
    assert all(count > 50 for count in counts)


def test_running_twice_gives_the_same(tmp_path: Path) -> None:
    deployed = deploy(_chain(tmp_path), tmp_path / "code")
    inputs = (np.arange(8, dtype=np.int8).reshape(1, 4, 2),)
    assert np.array_equal(deployed.run(inputs)[0], deployed.run(inputs)[0])


def test_the_same_variant_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    model = convolution(Case(6, 6, 4, 4), tmp_path)
    script = (
        "import sys; from pathlib import Path\n"
        "from harness.deploy.options import O2\n"
        "from harness.deploy.tvm import TvmBackend\n"
        "from harness.model.tflite_reader import read_tflite\n"
        "from tests.deploy.on_core import CORTEX_M4\n"
        "from tests.deploy.tiny_model import variant_of\n"
        "TvmBackend().generate(variant_of(read_tflite(Path(sys.argv[1]))), CORTEX_M4, O2, Path(sys.argv[2]))"
    )
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    TvmBackend().generate(variant_of(model), CORTEX_M4, O2, tmp_path / "one")
    run = subprocess.run(
        [sys.executable, "-c", script, str(model.path), str(tmp_path / "two")],
        check=True,
        capture_output=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONHASHSEED": "7"},
    )
    assert run.stdout == run.stderr == b"", "the compiler's chatter must not reach the user"
    for file in ("kernels.o", "model.c"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_cortex_m7_runs_it_too(tmp_path: Path) -> None:
    model = convolution(Case(6, 6, 5, 4, activation=RELU), tmp_path)
    assert largest_difference(deploy(model, tmp_path / "code", CORTEX_M7)) == 0


def test_all_that_is_missing_is_listed_at_once(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 8), scale=0.1)
    y = tiny.tensor((1, 8), scale=0.1)
    z = tiny.tensor((1, 8), "int16", scale=0.1)
    tiny.operator("ELU", [x], y)
    tiny.operator("RELU", [y], z)
    model = tiny.write(tmp_path / "model.tflite", [x], [z])
    complaints = TvmBackend().complaints(variant_of(model), CORTEX_M4, O2)
    assert "layer tensor_1 (ELU): the operator is not supported" in complaints
    assert "layer tensor_2 (RELU): tensor_2 is int16, not int8" in complaints


@pytest.mark.parametrize("computed", ["weights", "bias"])
def test_weights_that_are_not_constant_are_refused(computed: str, tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 4), scale=0.1)
    constant = np.ones((3, 4), np.int8)
    w = tiny.tensor((3, 4), scale=0.1, data=None if computed == "weights" else constant)
    b = tiny.tensor((3,), "int32", scale=0.01, data=None if computed == "bias" else np.ones(3))
    y = tiny.tensor((1, 3), scale=0.1)
    tiny.operator("FULLY_CONNECTED", [x, w, b], y, "FullyConnectedOptions")
    model = tiny.write(tmp_path / "model.tflite", [x, w if computed == "weights" else b], [y])
    complaints = TvmBackend().complaints(variant_of(model), CORTEX_M4, O2)
    assert any("constant" in complaint for complaint in complaints)


def test_an_int8_model_is_no_float_variant(tmp_path: Path) -> None:
    model = convolution(Case(3, 3, 1, 1), tmp_path)
    complaints = TvmBackend().complaints(variant_of(model, Quantization.FLOAT32), CORTEX_M4, O2)
    assert any("not float32" in complaint for complaint in complaints)


def test_a_float_dense_layer_that_would_flatten_its_input_is_refused(tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y = tiny.tensor((1, 2, 3), "float32"), tiny.tensor((1, 4), "float32")
    weights = tiny.tensor((4, 6), "float32", data=np.ones((4, 6)))
    tiny.operator("FULLY_CONNECTED", [x, weights, -1], y, "FullyConnectedOptions")
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    complaints = TvmBackend().complaints(variant_of(model, Quantization.FLOAT32), CORTEX_M4, O2)
    assert complaints == ["layer tensor_1 (FULLY_CONNECTED): the input's last dimension must be that of the weights"]


def test_importing_versions_and_refusing_import_no_tvm() -> None:
    script = (
        "import sys, harness.deploy.tvm as backend\n"
        "versions = backend.TvmBackend().versions()\n"
        "assert versions['apache-tvm'].startswith('0.27'), versions\n"
        "assert not {'tvm', 'tensorflow'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
