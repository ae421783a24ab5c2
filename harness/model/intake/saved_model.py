"""What speaks against a SavedModel: operators that reach for files or for Python, which a graph may contain."""

from __future__ import annotations

from collections.abc import Iterator
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
        "RestoreV2",
        "SaveV2",
        "MergeV2Checkpoints",
        "ShardedFilename",
        "TensorListReserve",
        "TensorListStack",
        "ResourceGather",
        "StatelessWhile",
        "StatelessIf",
    )
)
"""Operators with a state or an effect that stays in the model. RestoreV2 and its like are in every SavedModel, to
restore it from its own folder, and do not run at inference."""
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
    return message


def complaints(message: Any) -> list[str]:
    """Every operator that reaches out of the model, or that TensorFlow does not have, with its node's name."""
    from tensorflow.python.framework import op_def_registry

    functions = {one.signature.name for graph in message.meta_graphs for one in graph.graph_def.library.function}
    found = []
    for node in _nodes(message):
        definition = op_def_registry.get(node.op)
        if definition is None and node.op not in functions:
            found.append(f"{node.name}: {node.op} is no operator of TensorFlow")
        elif node.op in _EFFECTS or (definition and definition.is_stateful and node.op not in _STATE_OF_ITS_OWN):
            found.append(f"{node.name}: {node.op} may reach out of the model; export it for inference alone")
    return list(dict.fromkeys(found))


def _nodes(message: Any) -> Iterator[Any]:
    for graph in message.meta_graphs:
        yield from graph.graph_def.node
        for function in graph.graph_def.library.function:
            yield from function.node_def
