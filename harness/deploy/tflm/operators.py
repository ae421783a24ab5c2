"""Which operators a tree has, and what of a model TensorFlow Lite Micro lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from harness.deploy.options import Kernels
from harness.deploy.tflm.tree import Tree
from harness.errors import ConfigError
from harness.model.tflite_graph import Graph, GraphOperator

RESOLVER = "micro_mutable_op_resolver.h"

# A method `Add...(...)` whose body registers a built-in operator, or a custom one by its name.
_METHOD = re.compile(
    r'TfLiteStatus\s+(Add\w+)\s*\([^{}]*\{\s*return\s+(?:AddBuiltin\(\s*BuiltinOperator_(\w+)|AddCustom\(\s*"([^"]+)")'
)

# Where a kernel is registered, such as `TFLMRegistration Register_CONV_2D() {`.
_REGISTRATION = re.compile(r"\bRegister_(\w+)\(\)\s*\{")
_TYPES = {"float32": "kTfLiteFloat32", "int8": "kTfLiteInt8", "int16": "kTfLiteInt16"}


def resolver_methods(tree: Tree) -> Mapping[str, str]:
    """By the TFLite operator's name, such as `CONV_2D`, the resolver's method that adds it, such as `AddConv2D`.

    Raises:
        ConfigError: the tree's resolver has none, or can't be read.
    """
    return _methods(tree.micro / RESOLVER)


@lru_cache(maxsize=4)
def _methods(header: Path) -> Mapping[str, str]:
    try:
        text = header.read_text(errors="replace")
    except OSError as error:
        raise ConfigError(f"{header}: {error.strerror}") from error
    methods = {builtin or custom: method for method, builtin, custom in _METHOD.findall(text)}
    if not methods:
        raise ConfigError(f"{header}: has no operators that I can find; this TensorFlow Lite Micro is of another kind")
    return methods


def operators_by_type(tree: Tree) -> Mapping[str, tuple[str, ...]]:
    """By a type of activations, the tree's operators whose kernels name it, or no type at all: these move bytes.

    By rule of thumb: a file may hold several kernels, and a kernel may name a type to refuse it.

    Raises:
        ConfigError: as `resolver_methods`.
    """
    texts = _kernel_texts(tree)
    found: dict[str, list[str]] = {kind: [] for kind in _TYPES}
    for operator in sorted(resolver_methods(tree)):
        text = texts.get(operator, "")
        named = [kind for kind, name in _TYPES.items() if name in text]
        for kind in named or _TYPES:
            found[kind].append(operator)
    return {kind: tuple(operators) for kind, operators in found.items()}


def _kernel_texts(tree: Tree) -> Mapping[str, str]:
    """By operator, the source that registers its kernel, and what that shares with the kernels of other targets."""
    texts: dict[str, str] = {}
    for folder in (tree.micro / "kernels", tree.micro / "kernels/cmsis_nn", tree.root / "signal/micro/kernels"):
        for file in sorted(one for suffix in ("cc", "cpp") for one in folder.glob(f"*.{suffix}")):
            text = file.read_text(errors="replace")
            shared = tree.micro / "kernels" / f"{file.stem}_common{file.suffix}"
            if shared.is_file():
                text += shared.read_text(errors="replace")
            for operator in _REGISTRATION.findall(text):
                texts[operator] = texts.get(operator, "") + text
    return texts


def needed_methods(graph: Graph, methods: Mapping[str, str]) -> list[str]:
    """The methods that add a graph's operators, each once, sorted."""
    return sorted({methods[operator.op] for operator in graph.operators})


_DENSE = "fully_connected"
"""Its file among the kernels."""


def refused_by_cmsis_nn(graph: Graph) -> frozenset[str]:
    """The files of kernels for which TFLM's portable ones have to stand in.

    CMSIS-NN's FULLY_CONNECTED of int16 has one scale for all channels, where TensorFlow's converter makes one for each.
    """
    wide = any(graph.given(operator)[0].dtype == "int16" for operator in _scaled_by_channel(graph))
    return frozenset({_DENSE} if wide else ())


def lacking_channel_scales(graph: Graph, tree: Tree, kernels: Kernels) -> Iterator[str]:
    """Dense layers with a scale for each channel that the tree's kernel would take, and compute with one for all."""
    layers = _scaled_by_channel(graph)
    if _DENSE in refused_by_cmsis_nn(graph):
        kernels = Kernels.REFERENCE
    if layers and "is_per_channel" not in tree.kernel_text(_DENSE, kernels):
        for operator in layers:
            yield (
                f"layer {operator.name} ({operator.op}): this tree of TensorFlow Lite Micro has no kernel for a scale "
                f"of each channel (kernels {kernels}); take a newer tree, or weights with one scale"
            )


def _scaled_by_channel(graph: Graph) -> list[GraphOperator]:
    """Dense layers whose weights have a scale for each channel."""
    dense = [operator for operator in graph.operators if operator.op == "FULLY_CONNECTED"]
    return [operator for operator in dense if len(graph.given(operator)[1].scales) > 1]


def unsupported(graph: Graph, methods: Mapping[str, str]) -> list[str]:
    """What can't be built, a line each, with the layer's name.

    What else a kernel does not take only shows when it is asked to prepare itself, see `probe`.
    """
    complaints = [
        f"layer {operator.name} ({operator.op}): {complaint}"
        for operator in graph.operators
        for complaint in _complaints(graph, operator, methods)
    ]
    for index in graph.inputs + graph.outputs:
        if graph.tensors[index].data is not None:
            complaints.append(f"tensor {graph.tensors[index].name}: a graph's input or output must not be a constant")
    return complaints


def _complaints(graph: Graph, operator: GraphOperator, methods: Mapping[str, str]) -> Iterator[str]:
    if operator.op not in methods:
        yield "this tree of TensorFlow Lite Micro does not have the operator"
        return
    inputs = graph.given(operator)
    if any(tensor.dtype == "float16" for tensor in inputs):
        yield "TensorFlow Lite Micro has no float16"
    weights = [tensor for tensor in inputs[1:] if tensor.data is not None and tensor.dtype in ("int8", "uint8")]
    if weights and inputs[0].dtype == "float32":
        yield f"TensorFlow Lite Micro has no kernels for {weights[0].dtype} weights with float32 activations"
