"""What speaks against an ONNX model, before it is converted: unknown operators, open sizes, weights elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.model.intake.onnx_weights import take_weights_in

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_OWN_DOMAINS = ("", "ai.onnx")


def read_onnx(path: Path) -> ModelProto:
    """The model in a file, its batch set to one.

    Raises:
        ModelError: it is corrupt, keeps weights elsewhere than beside it, or leaves a size open that is not the batch.
    """
    import onnx

    with explained():
        model = onnx.load_model_from_string(path.read_bytes())
        take_weights_in(model, path.parent)
        onnx.checker.check_model(model)
        _fix_batch(model)
        # onnx2tf takes the sizes of what flows from the file, and goes wrong where they are not there.
        return onnx.shape_inference.infer_shapes(model)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what onnx says of a broken model into a `ModelError`: it has errors of many classes, some of protobuf's."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"is truncated, corrupt or no ONNX model: {' '.join(str(error).split())}") from error


def complaints(model: ModelProto, converted: Collection[str]) -> list[str]:
    """Every operator that can't be converted, with the name of its node.

    Args:
        converted: operators that the converter knows.
    """
    return [
        f"{node.name or ', '.join(node.output)}: {node.domain and node.domain + '.'}{node.op_type}"
        for node in _nodes(model.graph)
        if node.domain not in _OWN_DOMAINS or node.op_type not in converted
    ]


def converter_operators(folder: Path) -> frozenset[str]:
    """The ONNX operators that onnx2tf has a file for, such as `ConvTranspose.py`."""
    return frozenset(re.sub(r"^_+", "", file.stem) for file in folder.glob("*.py") if not file.stem.startswith("__"))


def real_inputs(graph: GraphProto) -> dict[str, tuple[tuple[int, ...], int]]:
    """Shape and ONNX type of each input that is no weight, by name."""
    weights = {tensor.name for tensor in graph.initializer}
    return {
        one.name: (
            tuple(size.dim_value for size in one.type.tensor_type.shape.dim),
            one.type.tensor_type.elem_type,
        )
        for one in graph.input
        if one.name not in weights
    }


def is_quantized(model: ModelProto) -> bool:
    """Whether it holds QuantizeLinear or DequantizeLinear nodes (QDQ form)."""
    return any(node.op_type in ("QuantizeLinear", "DequantizeLinear") for node in _nodes(model.graph))


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _fix_batch(model: ModelProto) -> None:
    """Set open batches to one; sizes of what is computed are forgotten, to be inferred again."""
    weights = {tensor.name for tensor in model.graph.initializer}
    if not {one.name for one in model.graph.input} - weights:
        raise ModelError("has no input")
    for one in model.graph.input:
        if one.name in weights:
            continue
        sizes = one.type.tensor_type.shape.dim
        if sizes and not sizes[0].dim_value:
            sizes[0].dim_value = 1
        open_ones = [index for index, size in enumerate(sizes) if size.dim_value < 1]
        if open_ones:
            raise ModelError(f"input {one.name!r} leaves size {open_ones[0]} open; export it with fixed sizes")
    for one in model.graph.output:
        sizes = one.type.tensor_type.shape.dim
        if sizes and not sizes[0].dim_value:
            sizes[0].dim_value = 1
    del model.graph.value_info[:]
