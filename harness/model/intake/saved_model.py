"""What speaks against a SavedModel: operators that reach for files or for Python, which a graph may contain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import ModelError

_STATE_OF_ITS_OWN = frozenset(
    (
        "VarHandleOp",
        "ReadVariableOp",
        "AssignVariableOp",
        "AssignAddVariableOp",
        "AssignSubVariableOp",
        "VarIsInitializedOp",
        "DestroyResourceOp",
        "DisableCopyOnRead",
        "PartitionedCall",
        "StatefulPartitionedCall",
        "If",
        "While",
        "Case",
        "Assert",
        "NoOp",
        "Placeholder",
        "HashTableV2",
        "LookupTableFindV2",
        "LookupTableImportV2",
        "MutableHashTableV2",
        "TensorListReserve",
        "TensorListStack",
        "ResourceGather",
        "StatelessWhile",
        "StatelessIf",
    )
)
"""Operators with a state or an effect that stays in the model."""
_CHECKPOINT = frozenset(("RestoreV2", "SaveV2", "MergeV2Checkpoints", "ShardedFilename"))
_CHECKPOINT_FUNCTIONS = re.compile(r"__inference__traced_(save|restore)_\d+")
"""Every SavedModel has these, to save and restore its variables; loading it for inference does not run them."""
_EFFECTS = frozenset(
    (
        "PyFuncStateless",
        "ReadFile",
        "WriteFile",
        "MatchingFiles",
        "PrintV2",
        "Print",
    )
)
"""Operators that TensorFlow may not mark as stateful."""


def read_saved_model(path: Path) -> Any:
    """The `SavedModel` message of a folder.

    Raises:
        ModelError: it is corrupt.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    message = SavedModel()
    try:
        message.ParseFromString((path / "saved_model.pb").read_bytes())
    except (DecodeError, OSError) as error:
        raise ModelError(f"saved_model.pb is truncated or corrupt: {error}") from error
    if not message.meta_graphs:
        raise ModelError("saved_model.pb is truncated or corrupt: it holds no graph")
    if not message.meta_graphs[0].object_graph_def.nodes:
        raise ModelError("is of TensorFlow 1, whose graphs run as they are loaded; save it with TensorFlow 2")
    return message


def complaints(message: Any) -> list[str]:
    """Every operator that reaches out of the model, or that TensorFlow does not have, with its node's name."""
    library = [one for graph in message.meta_graphs for one in graph.graph_def.library.function]
    functions = {one.signature.name for one in library}
    # What loading runs is in functions; the main graph is there for TensorFlow 1.
    found = [f"{node.name}: {why}" for node in _nodes(library) if (why := _complaint(node, functions))]
    offered = {name for graph in message.meta_graphs for name in graph.object_graph_def.concrete_functions}
    found += [f"{name}: is no function to call" for name in offered if _CHECKPOINT_FUNCTIONS.fullmatch(name)]
    return list(dict.fromkeys(found))


def _complaint(node: Any, functions: set[str]) -> str:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    if definition is None and node.op not in functions:
        return f"{node.op} is no operator of TensorFlow"
    called = {attribute.func.name for attribute in node.attr.values()} | {node.op}
    called |= {one.name for attribute in node.attr.values() for one in attribute.list.func}
    if any(_CHECKPOINT_FUNCTIONS.fullmatch(name) for name in called):
        return f"{node.op} saves or restores a checkpoint at inference"
    if node.op in _EFFECTS or (definition and definition.is_stateful and node.op not in _STATE_OF_ITS_OWN):
        return f"{node.op} may reach out of the model; export it for inference alone"
    return ""


def _nodes(library: Iterable[Any]) -> Iterator[Any]:
    """All nodes of functions; those that save and restore may also use the operators for that."""
    for function in library:
        saves = _CHECKPOINT_FUNCTIONS.fullmatch(function.signature.name)
        for node in function.node_def:
            if not (saves and node.op in _CHECKPOINT):
                yield node
