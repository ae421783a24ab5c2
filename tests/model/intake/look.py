"""What is looked at in a model file before a library that trusts it loads it, for all formats."""

from __future__ import annotations

from pathlib import Path

from harness.model.intake import keras_config, onnx_graph, saved_model
from harness.model.intake.archive import read_json, read_members
from harness.model.intake.hdf5 import check_hdf5, read_hdf5_config
from harness.model.intake.kind import SourceKind, kind_of
from harness.model.intake.onnx_quantized import without_quantization
from harness.model.intake.torch_archive import safe_copy

LAYERS = {"Dense", "InputLayer"}
OPERATORS = {"MatMul", "Relu"}


def look(path: Path) -> None:
    """As the process that converts files does it; what calls libraries in C may crash.

    Raises:
        ModelError: as it would there.
    """
    kind = kind_of(path)
    if kind is SourceKind.KERAS:
        members = read_members(path)
        check_hdf5(members["model.weights.h5"])
        keras_config.complaints(read_json(members["config.json"], "config.json"), LAYERS)
    elif kind is SourceKind.HDF5:
        check_hdf5(path.read_bytes())
        keras_config.complaints(read_hdf5_config(path), LAYERS)
    elif kind is SourceKind.SAVED_MODEL:
        saved_model.complaints(saved_model.read_saved_model(path))
    elif kind is SourceKind.ONNX:
        model = onnx_graph.read_onnx(path)
        onnx_graph.complaints(model, OPERATORS)
        onnx_graph.real_inputs(model.graph)
        if onnx_graph.is_quantized(model):
            without_quantization(model)
    elif kind is SourceKind.TORCH:
        safe_copy(path, path.with_name("copy"))
