"""The folders that EEMBC's benchmark runner takes: `y_labels.csv` beside raw samples."""

from __future__ import annotations

import csv
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset
from harness.model.model import ITEM_BYTES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABELS = "y_labels.csv"
MOST_LABEL_BYTES = 2**24
MOST_BYTES = 2**30


class EembcFolder:
    """A row of `y_labels.csv` is a file's name, the number of classes, and the label; each file is one raw sample.

    A sample has the bytes of the model's input, or of as many float32 in real units, little-endian.
    """

    def claims(self, path: Path) -> bool:
        return (path / LABELS).is_file()

    def load(self, path: Path, sample_shape: tuple[int, ...], dtype: str) -> Dataset:
        import numpy as np

        rows = _rows(path / LABELS)
        files = [_inside(path, name, line) for line, (name, _) in enumerate(rows, start=1)]
        kind = _sample_type(files[0], sample_shape, dtype)
        if len(files) * prod(sample_shape) * ITEM_BYTES[kind] > MOST_BYTES:
            raise DatasetError(f"{path}: its samples take more than {MOST_BYTES:,} bytes; give a smaller data set")
        samples = np.stack([_sample(file, sample_shape, kind) for file in files])
        return Dataset(path.name, samples, np.array([label for _, label in rows], np.int64), str(path))


def _rows(path: Path) -> list[tuple[str, int]]:
    """File names and labels."""
    try:
        if path.stat().st_size > MOST_LABEL_BYTES:
            raise DatasetError(f"{path}: is larger than {MOST_LABEL_BYTES:,} bytes")
        with path.open(newline="", encoding="utf-8") as file:
            rows = [_row(path, line, row) for line, row in enumerate(csv.reader(file), start=1) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: {error}") from error
    if not rows:
        raise DatasetError(f"{path}: has no rows; each is a file name, the number of classes, the label")
    return rows


def _row(path: Path, line: int, row: list[str]) -> tuple[str, int]:
    try:
        name, classes, label = row[0].strip(), int(row[1]), int(row[2])
    except (IndexError, ValueError) as error:
        raise DatasetError(f"{path}:{line}: needs a file name, the number of classes and the label") from error
    if not 0 <= label < classes <= 2**31:
        raise DatasetError(f"{path}:{line}: label {label} is not one of {classes} classes")
    return name, label


def _inside(folder: Path, name: str, line: int) -> Path:
    """The file of that name in the folder; whoever wrote the labels must not choose others of this machine."""
    file = folder / name
    if Path(name).name != name or name in ("", ".", "..") or "\0" in name:
        raise DatasetError(f"{folder / LABELS}:{line}: {name!r} is not the plain name of a file in this folder")
    if file.is_symlink() and file.resolve().parent != folder.resolve():
        raise DatasetError(f"{folder / LABELS}:{line}: {name!r} is a link that leaves this folder")
    return file


def _sample_type(file: Path, shape: tuple[int, ...], dtype: str) -> str:
    """The type in which the samples are stored, from the size of the first."""
    size = _size(file)
    for kind in (dtype, "float32"):
        if size == prod(shape) * ITEM_BYTES[kind]:
            return kind
    raise DatasetError(
        f"{file}: has {size:,} bytes; the model takes {shape} {dtype}, {prod(shape) * ITEM_BYTES[dtype]:,} bytes"
    )


def _sample(file: Path, shape: tuple[int, ...], dtype: str) -> NDArray[np.generic]:
    import numpy as np

    expected = prod(shape) * ITEM_BYTES[dtype]
    if _size(file) != expected:
        raise DatasetError(f"{file}: has {_size(file):,} bytes, other samples have {expected:,}")
    try:
        return np.frombuffer(file.read_bytes(), np.dtype(dtype).newbyteorder("<"), prod(shape)).reshape(shape)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{file}: {error}") from error


def _size(file: Path) -> int:
    try:
        if not file.is_file():
            raise DatasetError(f"{file}: no such file, but {LABELS} lists it")
        return file.stat().st_size
    except OSError as error:
        raise DatasetError(f"{file}: {error.strerror}") from error
