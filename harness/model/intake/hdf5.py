"""HDF5 files of Keras, looked through before Keras does: links to other files, and sizes that are not in the file.

The library is C and trusts the file: look only from a process that may crash.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from harness.errors import ModelError
from harness.model.file_bounds import MOST_INFLATION
from harness.model.intake.archive import read_json
from harness.model.intake.limits import limited

_SLACK = 2**16
_FAULTS = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, MemoryError)


def read_hdf5_config(path: Path) -> Any:
    """The configuration in a whole-model file.

    Raises:
        ModelError: it is corrupt, or holds weights alone.
    """
    import h5py

    try:
        with limited(path.stat().st_size), h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
    except _FAULTS as error:
        raise ModelError(f"is truncated or corrupt: {error}") from error
    if config is None:
        raise ModelError("holds weights, but no network (model.save_weights?); save it with model.save('model.keras')")
    # HDF5's strings may hold bytes that are no text, which h5py hands on as surrogates.
    text = config if isinstance(config, bytes) else str(config).encode(errors="surrogateescape")
    return read_json(text, "model_config")


def check_hdf5(content: bytes) -> None:
    """Refuse what would make the library read other files, or more memory than the file's size explains.

    Raises:
        ModelError: a group links to another file, or data sets are larger than 10 times the file.
    """
    import h5py

    try:
        with limited(len(content)), h5py.File(io.BytesIO(content), "r") as file:
            total = _stored_bytes(file, file, set())
    except _FAULTS as error:
        raise ModelError(f"its weights are truncated or corrupt: {error}") from error
    if total > MOST_INFLATION * len(content) + _SLACK:
        raise ModelError(f"its weights claim {total:,} bytes, more than {MOST_INFLATION} times the file")


def _stored_bytes(file: Any, group: Any, seen: set[Any]) -> int:
    import h5py

    total = 0
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise ModelError(f"{group.name}/{name} is a link to somewhere else; save the model again, without links")
        one = group[name]
        place = h5py.h5o.get_info(one.id).addr
        if place in seen:
            continue
        seen.add(place)
        if isinstance(one, h5py.Group):
            total += _stored_bytes(file, one, seen)
        elif isinstance(one, h5py.Dataset):
            if one.external or one.is_virtual:
                raise ModelError(f"{one.name} lies in another file; save the model again, with its weights inside")
            total += one.size * one.dtype.itemsize if one.shape is not None else 0
    return total
