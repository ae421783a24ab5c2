"""Weights that an ONNX model keeps in a file beside it: `net.onnx.data` of `net.onnx`, as `torch.onnx.export` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.model.file_bounds import check_size

if TYPE_CHECKING:
    from onnx import ModelProto

SUFFIX = ".onnx.data"


def weights_beside(path: Path) -> tuple[Path, ...]:
    """The file of weights that belongs to a model file, if there is one.

    Raises:
        ModelError: it is too large.
    """
    beside = path.with_name(f"{path.name}.data")
    if not beside.name.endswith(SUFFIX) or not beside.is_file():
        return ()
    check_size(beside)
    return (beside,)


def take_weights_in(model: ModelProto, folder: Path) -> None:
    """Put the weights that are elsewhere into the model.

    Raises:
        ModelError: they are not in one file of the folder with such a name, or claim more bytes than it has.
    """
    from onnx.external_data_helper import ExternalDataInfo, load_external_data_for_tensor

    tensors = [tensor for tensor in model.graph.initializer if tensor.external_data]
    if not tensors:
        return
    found = [ExternalDataInfo(tensor) for tensor in tensors]
    (name, *others) = {str(one.location) for one in found}
    if others or "/" in name or not name.endswith(SUFFIX) or not (folder / name).is_file():
        raise ModelError(
            f"keeps weights in other files ({', '.join(sorted([name, *others])[:3])}) that are not beside it, in one "
            f"called as it is with .data behind; save it in one: onnx.save(onnx.load(path), 'one.onnx')"
        )
    # Tensors that share bytes would multiply them.
    lengths = [int(one.length or 0) for one in found]
    if min(lengths) < 1 or sum(lengths) > (folder / name).stat().st_size:
        raise ModelError(f"is truncated or corrupt: its weights are more than {name} holds")
    for tensor in tensors:
        load_external_data_for_tensor(tensor, str(folder))
