"""What unrolled recurrent networks are made of agrees with TFLite's reference kernels: int8 bit by bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.bench.outcome import Status
from harness.deploy.options import O2
from harness.deploy.tvm import TvmBackend
from harness.optimize.quantization import Quantization
from harness.paths import REPOSITORY
from harness.results.store import RunDirectory
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.tiny_model import TinyModel, variant_of
from tests.deploy.tvm.agreement import deploy, largest_difference
from tests.deploy.tvm.recurrent import Unrolled

BOTH = pytest.mark.parametrize("dtype", ["int8", "float32"])


def _scale(dtype: str) -> float | None:
    return 0.03 if dtype == "int8" else None


@BOTH
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("columns", [3, 8])
def test_a_tensor_is_unpacked_and_packed_along_any_axis(dtype: str, axis: int, columns: int, tmp_path: Path) -> None:
    """Of three columns each begins at an odd byte of int8, of eight at a word."""
    tiny, shape = TinyModel(), (2, 4, columns)
    part = tuple(size for n, size in enumerate(shape) if n != axis % 3)
    count = shape[axis]
    x = tiny.tensor(shape, dtype, _scale(dtype))
    parts = [tiny.tensor(part, dtype, _scale(dtype)) for _ in range(count)]
    tiny.operator_of_many("UNPACK", [x], parts, "UnpackOptions", num=count, axis=axis)
    y = tiny.tensor(shape, dtype, _scale(dtype))
    tiny.operator("PACK", parts[::-1], y, "PackOptions", version=1, valuesCount=count, axis=axis)
    model = tiny.write(tmp_path / "model.tflite", [x], [parts[0], y])
    deployed = deploy(model, tmp_path / "code")
    assert largest_difference(deployed) == 0
    assert [step.layers for step in deployed.code.steps] == [(layer.name,) for layer in model.layers]


@BOTH
@pytest.mark.parametrize("axis", [1, -1])
def test_a_tensor_is_split_along_any_axis(dtype: str, axis: int, tmp_path: Path) -> None:
    tiny, shape = TinyModel(), (1, 6, 9)
    along = tiny.tensor((), "int32", data=np.array(axis))
    x = tiny.tensor(shape, dtype, _scale(dtype))
    part = tuple(size // 3 if n == axis % 3 else size for n, size in enumerate(shape))
    parts = [tiny.tensor(part, dtype, _scale(dtype)) for _ in range(3)]
    tiny.operator_of_many("SPLIT", [along, x], parts, "SplitOptions", numSplits=3)
    assert largest_difference(deploy(tiny.write(tmp_path / "model.tflite", [x], parts), tmp_path / "code")) == 0


@BOTH
@pytest.mark.parametrize(
    ("begin", "end", "masks", "shape"),
    [
        ((0, 2, 0), (1, 5, 4), {}, (1, 3, 4)),
        ((0, -1, 0), (0, 0, 0), {"beginMask": 5, "endMask": 5, "shrinkAxisMask": 2}, (1, 4)),
        ((0, 0, 1), (1, -1, -1), {"endMask": 3}, (1, 6, 2)),
        ((0, 0, 0), (9, 99, 9), {}, (1, 6, 4)),
    ],
)
def test_a_stretch_is_cut_out(
    dtype: str,
    begin: tuple[int, ...],
    end: tuple[int, ...],
    masks: dict[str, int],
    shape: tuple[int, ...],
    tmp_path: Path,
) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 6, 4), dtype, _scale(dtype))
    limits = [tiny.tensor((3,), "int32", data=np.array(limit)) for limit in (begin, end, (1, 1, 1))]
    y = tiny.tensor(shape, dtype, _scale(dtype))
    tiny.operator("STRIDED_SLICE", [x, *limits], y, "StridedSliceOptions", version=1, **masks)
    assert largest_difference(deploy(tiny.write(tmp_path / "model.tflite", [x], [y]), tmp_path / "code")) == 0


@BOTH
@pytest.mark.parametrize("columns", [3, 8])
def test_rows_of_a_table_are_gathered(dtype: str, columns: int, tmp_path: Path) -> None:
    tiny, values = TinyModel(), np.random.default_rng(0).integers(-128, 128, (11, columns))
    table = tiny.tensor((11, columns), dtype, _scale(dtype), data=values)
    indices = tiny.tensor((1, 7), "int32")
    y = tiny.tensor((1, 7, columns), dtype, _scale(dtype))
    tiny.operator("GATHER", [table, indices], y, "GatherOptions", version=2, axis=0)
    deployed = deploy(tiny.write(tmp_path / "model.tflite", [indices], [y]), tmp_path / "code")
    assert largest_difference(deployed, samples=5) == 0
    outside = np.array([[-1, 11, 2**31 - 1, -(2**31), 0, 10, 5]], np.int32)
    nearest = values.astype(dtype)[outside.clip(0, 10)]
    assert np.array_equal(deployed.run((outside,))[0], nearest), "no index reads beside the table"


@pytest.mark.parametrize(("name", "scale", "zero_point"), [("LOGISTIC", 1 / 256, -128), ("TANH", 1 / 128, 0)])
def test_curves_are_exact_of_every_value(name: str, scale: float, zero_point: int, tmp_path: Path) -> None:
    for number, in_scale in enumerate((0.05, 0.9, 0.001)):
        tiny = TinyModel()
        x = tiny.tensor((1, 5000), scale=in_scale, zero_point=17)
        tiny.operator(name, [x], y := tiny.tensor((1, 5000), scale=scale, zero_point=zero_point), version=2)
        model = tiny.write(tmp_path / f"{number}.tflite", [x], [y])
        assert largest_difference(deploy(model, tmp_path / f"code_{number}"), samples=2) == 0


def test_softmax_of_every_step_is_exact(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 5, 13), scale=0.1, zero_point=24)
    y = tiny.tensor((1, 5, 13), scale=1 / 256, zero_point=-128)
    tiny.operator("SOFTMAX", [x], y, "SoftmaxOptions", beta=1.0)
    model = tiny.write(tmp_path / "model.tflite", [x], [y])
    assert largest_difference(deploy(model, tmp_path / "code"), samples=10) == 0


@BOTH
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_an_unrolled_network_agrees_and_its_steps_share_functions(cell: str, dtype: str, tmp_path: Path) -> None:
    codes = []
    for steps in (3, 6):
        model = Unrolled(dtype, units=8).network(cell, steps, tmp_path / f"{steps}.tflite")
        deployed = deploy(model, tmp_path / f"code_{steps}")
        assert largest_difference(deployed) <= (0 if dtype == "int8" else 1e-5)
        codes.append(deployed.code)
    functions = [{step.kernel.rpartition("_")[0] for step in code.steps} for code in codes]
    counts = [len({step.kernel for step in code.steps}) for code in codes]
    assert functions[0] == functions[1]
    assert counts[0] == counts[1]


def test_what_can_not_be_moved_is_refused(tmp_path: Path) -> None:
    tiny = TinyModel()
    x = tiny.tensor((1, 6, 4), scale=0.1)
    parts = [tiny.tensor((1, size, 4), scale=0.1) for size in (2, 4)]
    axis = tiny.tensor((), "int32", data=np.array(1))
    tiny.operator_of_many("SPLIT", [axis, x], parts, "SplitOptions", numSplits=2)
    limits = [tiny.tensor((3,), "int32", data=np.array(limit)) for limit in ((0, 0, 0), (1, 3, 2), (1, 1, 1))]
    cut = tiny.tensor((1, 3, 2), scale=0.1)
    tiny.operator("STRIDED_SLICE", [x, *limits], cut, "StridedSliceOptions", version=1)
    unpacked = [tiny.tensor((1, 6), scale=0.1) for _ in range(4)]
    tiny.operator_of_many("UNPACK", [x], unpacked, "UnpackOptions", num=4, axis=3)
    indices = tiny.tensor((1, 2), "int32")
    gathered = tiny.tensor((1, 2, 6, 4), scale=0.1)
    tiny.operator("GATHER", [x, indices], gathered, "GatherOptions", version=1)
    model = tiny.write(tmp_path / "model.tflite", [x, indices], [*parts, cut, *unpacked, gathered])
    complaints = TvmBackend().complaints(variant_of(model, Quantization.INT8), CORTEX_M4, O2)
    texts = [complaint.partition("): ")[2] for complaint in complaints]
    assert texts == [
        "the parts must be equal, and together the whole",
        "no more than one dimension may be cut",
        "axis 3 of 3",
        "the table must be a constant of the output's type",
    ]


_SUITE = """
import pytest

@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("model", ["simple_rnn_1", "lstm", "gru"])
def test_network(model, quantization, deploy, measure):
    measure(deploy(f"{model}?data=random&epochs=0", quantization, backend="tvm"))
"""


@pytest.mark.slow
def test_the_zoos_networks_agree_with_the_host_on_a_board(tmp_path: Path) -> None:
    """A case whose outputs differ from the host's does not pass."""
    (tmp_path / "test_networks.py").write_text(_SUITE)
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path), "--explore", "--board", "nucleo_l4r5zi"]
    command += ["--runs", str(tmp_path / "runs"), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout
    records = list(RunDirectory.open("latest", tmp_path / "runs").records())
    assert [one.outcome.status for one in records] == [Status.PASSED] * 6
