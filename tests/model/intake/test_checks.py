"""What speaks against a file is told at once, with names, before a library loads it; broken files end in one error."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from harness.errors import ModelError
from harness.model.intake import keras_config, onnx_graph
from harness.model.intake.archive import read_members
from harness.model.intake.hdf5 import check_hdf5
from harness.model.intake.onnx_quantized import without_quantization
from harness.model.intake.torch_archive import safe_copy
from tests.model.intake.files import (
    layer,
    model_config,
    onnx_model,
    program,
    torch_file,
    weights_file,
    zipped,
)

KNOWN = {"Dense", "InputLayer"}
CONVERTED = {"MatMul", "Relu"}


def test_every_layer_with_code_or_of_others_is_named() -> None:
    config = model_config(
        layer("Lambda", "evil"),
        layer("Mine", "own", "my.layers", "me>Mine"),
        layer("Dense", "good"),
        layer("Dance", "unknown"),
    )
    lines = keras_config.complaints(config, KNOWN)
    assert [line.split(":")[0] for line in lines] == ["evil", "own", "unknown"]
    assert "never run" in lines[0]
    assert "custom object" in lines[1]


def test_code_deep_inside_a_layer_is_found() -> None:
    wrapper = layer("Dense", "outer")
    wrapper["config"]["activation"] = {"module": "os", "class_name": "system", "config": "true"}
    assert keras_config.complaints(model_config(wrapper), KNOWN) == [
        "outer: system is a custom object, whose code is not in the file; export the model to ONNX"
    ]


def test_a_configuration_nested_without_end_is_refused() -> None:
    nested: object = {}
    for _ in range(1000):
        nested = [nested]
    with pytest.raises(ModelError, match="nested deeper"):
        keras_config.complaints({"class_name": "Sequential", "config": {"layers": nested}}, KNOWN)


def test_an_archive_that_inflates_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", bytes(2**24))
    with pytest.raises(ModelError, match="more than 10 times its size"):
        read_members(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: file.__setitem__("a", h5py.ExternalLink("/etc/hostname", "/")), "link to somewhere else"),
        (lambda file: file.__setitem__("a", h5py.SoftLink("/b")), "link to somewhere else"),
        (lambda file: file.create_dataset("a", (4,), "f4", external=[("x", 0, 16)]), "lies in another file"),
        (lambda file: file.create_dataset("a", (2**28,), "f4", chunks=(2**20,)), "weights claim"),
    ],
)
def test_hdf5_that_reaches_out_or_claims_more_than_it_holds_is_refused(
    tmp_path: Path, make: Callable[[h5py.File], object], words: str
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
    with pytest.raises(ModelError, match=words):
        check_hdf5((tmp_path / "a.h5").read_bytes())


def test_whole_weights_pass_and_halves_do_not() -> None:
    check_hdf5(weights_file())
    with pytest.raises(ModelError, match="truncated or corrupt"):
        check_hdf5(weights_file()[:1000])


def test_every_operator_that_is_not_converted_is_named() -> None:
    model = onnx_model(
        helper.make_node("Foo", ["x"], ["a"], "first", domain="mine"),
        helper.make_node("MatMul", ["a", "w"], ["b"], "good"),
        helper.make_node("Erf", ["b"], ["y"]),
    )
    assert onnx_graph.complaints(model, CONVERTED) == ["first: mine.Foo", "y: Erf"]


def test_an_open_batch_is_one_and_other_open_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(onnx_model(), path)
    assert onnx_graph.real_inputs(onnx_graph.read_onnx(path).graph)["x"][0] == (1, 4)
    model = onnx_model()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "width"
    onnx.save(model, path)
    with pytest.raises(ModelError, match="input 'x' leaves size 1 open"):
        onnx_graph.read_onnx(path)


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(onnx_model(), path, save_as_external_data=True, location="elsewhere", size_threshold=0)
    with pytest.raises(ModelError, match="keeps weights in other files"):
        onnx_graph.read_onnx(path)


def test_weights_in_a_file_beside_the_model_are_taken_in(tmp_path: Path) -> None:
    """As PyTorch writes them."""
    path, weights = tmp_path / "a.onnx", tmp_path / "a.onnx.data"
    onnx.save(onnx_model(), path, save_as_external_data=True, location=weights.name, size_threshold=0)
    (tensor,) = onnx_graph.read_onnx(path).graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), np.eye(4))
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"its weights are more than a\.onnx\.data holds"):
        onnx_graph.read_onnx(path)
    weights.unlink()
    with pytest.raises(ModelError, match=r"keeps weights in other files \(a\.onnx\.data\)"):
        onnx_graph.read_onnx(path)


def test_tensors_that_share_their_bytes_do_not_multiply_them(tmp_path: Path) -> None:
    path, model = tmp_path / "a.onnx", onnx_model()
    onnx.save(model, path, save_as_external_data=True, location="a.onnx.data", size_threshold=0)
    model = onnx.load(path, load_external_data=False)
    again = model.graph.initializer.add()
    again.CopyFrom(model.graph.initializer[0])
    again.name = "again"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="more than"):
        onnx_graph.read_onnx(path)


def test_taking_out_quantization_leaves_dequantized_weights() -> None:
    model = onnx_model(
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"], "q"),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"], "d"),
        helper.make_node("DequantizeLinear", ["wq", "s", "z"], ["wd"], "dw"),
        helper.make_node("MatMul", ["xd", "wd"], ["y"], "product"),
    )
    stored = np.arange(16, dtype=np.int8).reshape(4, 4)
    for name, value in (("s", np.float32(0.5)), ("z", np.int8(1)), ("wq", stored)):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), name))
    plain = without_quantization(model)
    assert [(node.op_type, list(node.input)) for node in plain.graph.node] == [("MatMul", ["x", "wd"])]
    (weights,) = plain.graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(weights), (stored - 1.0) * 0.5)


@pytest.mark.parametrize(
    ("zero_point", "scale", "ends"),
    [
        (np.int8(-128), 0.02, (0, np.inf)),
        (np.uint8(0), 0.02, (0, np.inf)),
        (np.int8(-128), 6 / 255, (0, 6)),
        (np.int8(-100), 0.02, (-np.inf, np.inf)),
    ],
)
def test_a_relu_that_a_quantizer_left_to_the_rounding_comes_back(
    zero_point: np.integer, scale: float, ends: tuple[float, float]
) -> None:
    """As onnxruntime's quantizer does: it takes out a ReLU (or ReLU6) where the least integer stands for 0."""
    model = onnx_model(
        helper.make_node("MatMul", ["x", "v"], ["m"], "product"),
        helper.make_node("QuantizeLinear", ["m", "s", "z"], ["mq"], "q"),
        helper.make_node("DequantizeLinear", ["mq", "s", "z"], ["y"], "d"),
    )
    weights = np.diag(np.array([-1, 1, -9, 9], np.float32))
    for name, value in (("s", np.float32(scale)), ("z", zero_point), ("v", weights)):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), name))
    plain = without_quantization(model)
    onnx.checker.check_model(plain)
    (found,) = ReferenceEvaluator(plain).run(None, {"x": np.ones((1, 4), np.float32)})
    np.testing.assert_array_equal(found, np.clip([[-1, 1, -9, 9]], *ends))


def test_what_pytorch_would_unpickle_is_left_out_or_refused(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.pt2", tmp_path / "copy.pt2"
    path.write_bytes(torch_file(program("torch.ops.aten.relu.default")))
    safe_copy(path, copy)
    assert read_members(copy)["net/data/sample_inputs/model.pt"] == b""
    bad = torch_file(
        program("os.system", "torch.ops.aten.relu.default", "torch.ops.mine.op.default", range_constraints={"s0": 1}),
        use_pickle=True,
        **{"data/constants/custom_obj_0": b"x", "data/weights/model.pt": b"x"},
    )
    path.write_bytes(bad)
    with pytest.raises(ModelError) as caught:
        safe_copy(path, copy)
    lines = str(caught.value).splitlines()[1:]
    for words in (
        "custom_obj_0",
        "weights/model.pt",
        "0.weight: is stored as a pickle",
        "symbolic",
        "0: os.system",
        "2: torch.ops.mine",
    ):
        assert sum(words in line for line in lines) == 1, words
    assert len(lines) == 6


def test_an_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    path.write_bytes(zipped({"config.json": b"{}", "config.jsoN": b"{}"}).replace(b"config.jsoN", b"config.json"))
    with pytest.raises(ModelError, match="a file twice"):
        read_members(path)
