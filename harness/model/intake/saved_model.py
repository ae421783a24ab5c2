"""What speaks against a SavedModel: operators that reach for files or for Python, which a graph may contain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import ModelError

_REACHING = frozenset(
    "PyFunc PyFuncStateless EagerPyFunc ReadFile WriteFile MatchingFiles PrintV2 Print LookupTableImport "
    "InitializeTableFromTextFile InitializeTableFromTextFileV2 DebugIdentity DebugIdentityV2 FixedLengthRecordReader "
    "FixedLengthRecordReaderV2 TextLineReader TextLineReaderV2 TFRecordReader TFRecordReaderV2 WholeFileReader "
    "WholeFileReaderV2 WriteGraphSummary CreateSummaryFileWriter TextLineDataset TFRecordDataset TFRecordDatasetV2 "
    "FixedLengthRecordDataset FixedLengthRecordDatasetV2 RpcCall ImportEvent WriteSummary SaveSlices".split()
)
"""The operators that restore and save a model's own variables are in every file, and run on its own folder only."""


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
    """Every operator that is not to run on this host, with its node's name."""
    return [f"{node.name}: {node.op} reaches out of the model" for node in _nodes(message) if node.op in _REACHING]


def _nodes(message: Any) -> Iterator[Any]:
    for graph in message.meta_graphs:
        yield from graph.graph_def.node
        for function in graph.graph_def.library.function:
            yield from function.node_def
