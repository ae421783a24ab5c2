"""The beginning of a model: what it has computed when one of its layers is done."""

from __future__ import annotations

from pathlib import Path

from harness.cache import cached, sha256
from harness.errors import ModelError
from harness.model.model import Model
from harness.model.tflite_reader import read_tflite

_FILE = "truncated.tflite"


def truncate(model: Model, layers: int) -> Model:
    """The model's first layers alone; its outputs are those of the last of them.

    Args:
        layers: how many to keep, at least one.

    Raises:
        ModelError: the file is gone or changed.
    """
    if not 1 <= layers <= len(model.layers):
        raise ValueError(f"{layers} layers of {len(model.layers)}")
    code = sha256(Path(__file__).read_bytes())
    key = {"model": model.sha256, "layers": layers, "code": code}
    entry = cached("truncated", key, lambda directory: _write(model, layers, directory / _FILE))
    return read_tflite(entry / _FILE, model.name)


def _write(model: Model, layers: int, path: Path) -> None:
    # The object API of LiteRT's own schema: it keeps every field that the rest of the file has.
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    try:
        whole = schema.ModelT.InitFromPackedBuf(model.read_bytes(), 0)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"{model.path}: can't be taken apart: {error}") from error
    main = whole.subgraphs[0]
    main.operators = main.operators[:layers]
    main.outputs = main.operators[-1].outputs
    # They name the outputs of the whole.
    whole.signatureDefs = None
    builder = flatbuffers.Builder(model.size)
    builder.Finish(whole.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
