"""Model files made by hand, without the tools whose format they are in: small, whole, and quickly made."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import h5py
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive, stored as Keras and PyTorch do."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return output.getvalue()


def weights_file(elements: int = 40) -> bytes:
    """An HDF5 file with one data set."""
    output = io.BytesIO()
    with h5py.File(output, "w") as file:
        file.create_group("layers/dense/vars").create_dataset("0", data=np.arange(elements, dtype=np.float32))
    return output.getvalue()


def layer(class_name: str, name: str, module: str = "keras.layers", registered: str | None = None) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": {"name": name}, "registered_name": registered}


def model_config(*layers: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a sequential model."""
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "net", "layers": list(layers)},
        "registered_name": None,
    }


def keras_file() -> bytes:
    config = json.dumps(model_config(layer("InputLayer", "x"), layer("Dense", "dense"))).encode()
    return zipped({"metadata.json": b"{}", "config.json": config, "model.weights.h5": weights_file()})


def onnx_model(*nodes: onnx.NodeProto, batch: int | str = "N") -> onnx.ModelProto:
    """A model from x (batch, 4) to y, with weights w (4, 4)."""
    graph = helper.make_graph(
        list(nodes) or [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 4])],
        [numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def program(*targets: str, **more: object) -> dict[str, Any]:
    """The graph of an exported program of PyTorch, with an operator for each target."""
    nodes = [
        {"target": one, "metadata": {"nn_module_stack": f"L__self__,,Net;L__self__0,{i},x"}}
        for i, one in enumerate(targets)
    ]
    return {"graph_module": {"graph": {"nodes": nodes}}, "range_constraints": {}, **more}


def torch_file(graph: dict[str, Any], use_pickle: bool = False, **more: bytes) -> bytes:
    payload = {"config": {"0.weight": {"path_name": "weight_0", "use_pickle": use_pickle}}}
    members = {
        "data/weights/weight_0": bytes(64),
        "data/weights/model_weights_config.json": json.dumps(payload).encode(),
        "data/constants/model_constants_config.json": b'{"config": {}}',
        "models/model.json": json.dumps(graph).encode(),
        "data/sample_inputs/model.pt": b"a pickle",
        "archive_format": b"pt2",
        "archive_version": b"0",
        "byteorder": b"little",
        **more,
    }
    return zipped({f"net/{name}": content for name, content in members.items()})


def keras_h5_file() -> bytes:
    """A whole model of Keras in one HDF5 file."""
    output = io.BytesIO()
    with h5py.File(output, "w") as file:
        file.attrs["model_config"] = json.dumps(model_config(layer("InputLayer", "x"), layer("Dense", "dense")))
        weights = file.create_group("model_weights/dense/vars")
        weights.create_dataset("0", data=np.arange(40, dtype=np.float32))
        weights.create_dataset("1", data=np.zeros((8, 16), np.float32), chunks=(4, 8), compression="gzip")
    return output.getvalue()


def quantized_onnx_model() -> onnx.ModelProto:
    """A model in QDQ form."""
    model = onnx_model(
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"], "q"),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"], "d"),
        helper.make_node("DequantizeLinear", ["wq", "s", "z"], ["wd"], "dw"),
        helper.make_node("MatMul", ["xd", "wd"], ["m"], "product"),
        helper.make_node("Reshape", ["m", "shape"], ["y"], "reshape"),
    )
    stored = np.arange(16, dtype=np.int8).reshape(4, 4)
    shape = np.array([1, 4])
    for name, value in (("s", np.float32(0.5)), ("z", np.int8(1)), ("wq", stored), ("shape", shape)):
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return model


def saved_model_file() -> bytes:
    """`saved_model.pb` with one function of a product and a sum; needs TensorFlow."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved = SavedModel(saved_model_schema_version=1)
    graph = saved.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    graph.object_graph_def.nodes.add().children.add(node_id=1, local_name="signatures")
    graph.object_graph_def.nodes.add().function.concrete_functions.append("__inference_serve_1")
    graph.object_graph_def.concrete_functions["__inference_serve_1"].bound_inputs.append(0)
    function = graph.graph_def.library.function.add()
    function.signature.name = "__inference_serve_1"
    function.signature.input_arg.add(name="x", type=1)
    for name, op in (("product", "MatMul"), ("sum", "AddV2"), ("called", "StatefulPartitionedCall")):
        node = function.node_def.add(name=name, op=op, input=["x", "x"])
        node.attr["T"].type = 1
        node.attr["f"].func.name = "__inference_serve_1"
    return bytes(saved.SerializeToString())
