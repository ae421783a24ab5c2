"""Files of other tools become variants that answer as their source does, or one error says why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from harness.errors import ModelError
from harness.model.model import Tensor
from harness.optimize import Quantization, variant_of_file
from harness.optimize.intake.check_inputs import BOUND, check_inputs, greatest_difference
from harness.optimize.intake.convert_file import convert_file
from harness.paths import REPOSITORY
from harness.tensorflow_process import environment
from tests.optimize.intake.extras import ONNX, TORCH, needs


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras")
    command = [sys.executable, "-m", "tests.optimize.intake.keras_files", str(folder)]
    subprocess.run(command, check=True, env=environment(), cwd=REPOSITORY, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def cnn_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Channels first, open batch, with pooling over the picture."""
    generator = np.random.default_rng(0)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["r"], "relu"),
            helper.make_node("GlobalAveragePool", ["r"], ["p"], "pool"),
            helper.make_node("Flatten", ["p"], ["f"], "flatten"),
            helper.make_node("Gemm", ["f", "v"], ["y"], "dense", transB=1),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])],
        [
            numpy_helper.from_array(generator.normal(size=shape).astype(np.float32), name)
            for name, shape in (("w", (4, 3, 3, 3)), ("b", (4,)), ("v", (5, 4)))
        ],
    )
    path = tmp_path_factory.mktemp("onnx") / "cnn.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cnn.keras", "cnn.h5", "cnn"])
def test_keras_and_saved_model_convert_to_the_same_network(files: Path, name: str) -> None:
    found = convert_file(files / name)
    assert [layer.op for layer in found.model.layers] == ["CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    assert found.model.inputs[0].shape == (1, 8, 8, 3)
    assert found.model.macs == 6 * 6 * 4 * 27 + 40
    assert found.difference < BOUND
    assert found.checked == 15


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cnn.keras", "two.keras", "lstm.keras"])
def test_a_file_is_quantized_with_representative_samples(files: Path, name: str) -> None:
    variant = variant_of_file(files / name, Quantization.INT8)
    assert variant.representative_samples == 100
    assert {tensor.dtype for tensor in (*variant.model.inputs, *variant.model.outputs)} == {"int8"}


@pytest.mark.slow
def test_a_data_set_sets_the_range_of_the_input(files: Path, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-3, 3, (20, 8, 8, 3)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=samples, y=np.zeros(20, np.int64))
    variant = variant_of_file(files / "cnn.keras", Quantization.INT8, tmp_path / "data.npz")
    assert variant.representative_samples == 20
    assert variant.model.inputs[0].scale == pytest.approx(6 / 255, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["code.keras", "code.h5"])
def test_code_and_custom_objects_are_refused_by_name(files: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"(?s)evil: Lambda holds Python code.*own: .*custom object"):
        convert_file(files / name)


@pytest.mark.slow
def test_layers_of_mixed_precision_are_named(files: Path) -> None:
    with pytest.raises(ModelError, match=r"other types than float32: half \(float16\); make the model anew"):
        convert_file(files / "mixed.keras")


@pytest.mark.slow
def test_a_saved_model_that_writes_files_is_refused_before_it_runs(files: Path) -> None:
    with pytest.raises(ModelError, match="WriteFile may reach out of the model"):
        convert_file(files / "writer")
    assert not (files / "written").exists()


@pytest.mark.slow
@needs(ONNX)
def test_onnx_comes_out_channels_last(cnn_onnx: Path) -> None:
    found = convert_file(cnn_onnx, Quantization.INT8)
    assert found.model.inputs[0].shape == (1, 8, 6, 3)
    assert found.model.macs == 8 * 6 * 4 * 27 + 4 * 5
    assert found.difference < BOUND


@pytest.mark.slow
@needs(ONNX)
def test_weights_beside_an_onnx_model_count_as_part_of_it(cnn_onnx: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(onnx.load(cnn_onnx), path, save_as_external_data=True, location="net.onnx.data", size_threshold=0)
    first = convert_file(path)
    assert first.difference < BOUND
    weights = bytearray((tmp_path / "net.onnx.data").read_bytes())
    weights[:4] = np.float32(0.25).tobytes()
    (tmp_path / "net.onnx.data").write_bytes(weights)
    assert convert_file(path).model.sha256 != first.model.sha256
    assert not list(first.model.path.parent.glob("*.data"))


@pytest.mark.slow
@needs(ONNX)
def test_a_quantized_onnx_model_gives_the_network_that_it_quantizes(cnn_onnx: Path, tmp_path: Path) -> None:
    path = tmp_path / "qdq.onnx"
    onnx.save(_quantized(onnx.load(cnn_onnx), 1 / 127), path)
    found = convert_file(path)
    assert [layer.op for layer in found.model.layers] == [layer.op for layer in convert_file(cnn_onnx).model.layers]
    # A scale that clips the inputs to a tenth makes of it another network than the one it says it quantizes.
    onnx.save(_quantized(onnx.load(cnn_onnx), 1 / 1270), path)
    with pytest.raises(ModelError, match=r"without its quantization it answers .* otherwise"):
        convert_file(path)


def _quantized(model: onnx.ModelProto, scale: float) -> onnx.ModelProto:
    """The model with its input rounded."""
    for name, value in (("s", np.float32(scale)), ("z", np.int8(0))):
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    model.graph.node[0].input[0] = "xd"
    model.graph.node.insert(0, helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"], "d"))
    model.graph.node.insert(0, helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"], "q"))
    return model


@pytest.mark.slow
@needs(TORCH)
def test_an_exported_program_of_pytorch_converts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.optimize.intake.torch_files", str(tmp_path)]
    subprocess.run(command, check=True, cwd=REPOSITORY, capture_output=True)
    found = convert_file(tmp_path / "pooled.pt2")
    assert found.model.inputs[0].shape == (1, 8, 6, 3)
    assert found.difference < BOUND


def test_tools_that_are_not_there_are_named_with_their_extra(cnn_onnx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"takes onnx2tf, onnxruntime, tf_keras; pip install 'tinyml-harness\[onnx\]'"):
        convert_file(cnn_onnx)


def test_a_truncated_file_of_hdf5_ends_in_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelError, match=r"a\.h5: .*truncated or corrupt"):
        convert_file(path)


def test_int16_is_not_for_networks(cnn_onnx: Path) -> None:
    with pytest.raises(ModelError, match=r"comes in float32, .*int16x8, not in int16"):
        convert_file(cnn_onnx, Quantization.INT16)


def test_check_inputs_are_random_ones_and_boundaries_and_the_same_again() -> None:
    specs = (((1, 3, 2), "float32"), ((1, 4), "int32"))
    found = check_inputs(specs, 0)
    flat = np.array([one[0].ravel() for one in found])
    assert {tuple(row) for row in flat} >= {(0.0,) * 6, (1.0,) * 6, (0.0, 1.0) * 3}
    assert flat.min() < -1
    assert flat.max() > 1
    assert all((one.shape, str(one.dtype)) == spec for sample in found for one, spec in zip(sample, specs, strict=True))
    for one, again in zip(found, check_inputs(specs, 0), strict=True):
        np.testing.assert_array_equal(one[0], again[0])


def test_a_difference_within_the_bound_passes_and_one_beyond_it_is_told() -> None:
    tensor = Tensor("scores", (1, 2), "float32")
    expected = np.array([[1, 100], [2, -50]], np.float32)

    def rows(values: NDArray[np.float32]) -> NDArray[np.uint8]:
        return values.view(np.uint8).reshape(len(values), -1)

    near = expected + np.array([[0, 0], [0.005, 0]], np.float32)
    share, number = greatest_difference([tensor], rows(expected), rows(near))
    assert share == pytest.approx(5e-5, rel=0.01)
    assert number == 1
    for wrong in (0.02, np.nan, np.inf):
        far = expected + np.array([[0, 0], [wrong, 0]], np.float32)
        with pytest.raises(ModelError, match=r"output 'scores' is .* off on check input 1"):
            greatest_difference([tensor], rows(expected), rows(far))
    with pytest.raises(ModelError, match="answers 8 bytes"):
        greatest_difference([tensor], rows(expected), rows(expected)[:, :4])
