"""NumPy archives with the arrays `x` and `y`."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 2**30


class NpzFile:
    """`x` holds the samples, (count, ...); `y` the labels, (count,), whole numbers from 0."""

    def claims(self, path: Path) -> bool:
        return path.suffix == ".npz" and path.is_file()

    def load(self, path: Path, sample_shape: tuple[int, ...], dtype: str) -> Dataset:  # noqa: ARG002
        samples, labels = _arrays(path)
        if samples.ndim < 1 or len(samples) == 0 or labels.shape != samples.shape[:1]:
            raise DatasetError(f"{path}: needs x (count, ...) and y (count,), has {samples.shape} and {labels.shape}")
        if samples.dtype.kind not in "iuf":
            raise DatasetError(f"{path}: x is {samples.dtype}; store float32 in real units, or the model's integers")
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= 2**31:
            raise DatasetError(f"{path}: y has to hold class numbers from 0 on")
        return Dataset(path.stem, samples, labels.astype("int64"), str(path))


def _arrays(path: Path) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_BYTES:
            raise DatasetError(f"{path}: unpacks to {unpacked:,} bytes, more than {MOST_BYTES:,}")
        with np.load(path, allow_pickle=False) as stored:
            missing = [name for name in ("x", "y") if name not in stored.files]
            if missing:
                raise DatasetError(
                    f"{path}: lacks the array {' and '.join(missing)}; save it with np.savez(x=..., y=...)"
                )
            return stored["x"], stored["y"]
    except DatasetError:
        raise
    except Exception as error:  # A hostile archive draws errors of many kinds from zipfile, zlib and numpy.
        raise DatasetError(f"{path}: is no NumPy archive that can be read without pickle: {error}") from error
