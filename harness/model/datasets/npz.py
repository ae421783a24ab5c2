"""NumPy archives with `x` and `y` (or `x_test` and `y_test`): classes, values or sequences, as what `y` is tells."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm, Task
from harness.model.datasets.pixels import as_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 2**30


class NpzFile:
    """`x` holds the samples, (count, ...); `y` what belongs to each.

    Whole numbers from 0, (count,) or (count, 1), are classes; (count, length) the classes of a sequence; floats,
    (count, ...), are values. Samples of bytes and of two dimensions or more are images.
    """

    def claims(self, path: Path) -> bool:
        return path.suffix == ".npz" and path.is_file()

    def load(self, path: Path, form: InputForm) -> Dataset:
        samples, labels = read_arrays(path, ("x_test", "y_test"), ("x", "y"))
        if samples.ndim < 1 or len(samples) == 0 or labels.ndim < 1 or len(labels) != len(samples):
            raise DatasetError(f"{path}: needs x (count, ...) and y (count,), has {samples.shape} and {labels.shape}")
        if samples.dtype.kind not in "iuf":
            raise DatasetError(f"{path}: x is {samples.dtype}; store float32 in real units, or the model's integers")
        if samples.dtype == "uint8" and samples.ndim > 2:
            samples = as_input(path, samples, form)
        if labels.shape[1:] == (1,) and labels.dtype.kind in "iu":
            labels = labels[:, 0]
        return labelled(path, samples, labels)


def labelled(path: Path, samples: NDArray[np.generic], labels: NDArray[np.generic]) -> Dataset:
    """The data set of these samples; the type and shape of the labels tell its task.

    Raises:
        DatasetError: the labels are neither classes nor finite values.
    """
    import numpy as np

    if labels.dtype.kind == "f":
        values = labels.reshape(len(labels), -1).astype(np.float32)
        if not values.size or not np.isfinite(values).all():
            raise DatasetError(f"{path}: y holds a value that is not finite; clean the data set")
        return Dataset(path.stem, samples, values, str(path), Task.REGRESS)
    if labels.dtype.kind not in "iu" or labels.ndim > 2 or not labels.size or labels.min() < 0 or labels.max() >= 2**31:
        raise DatasetError(f"{path}: y has to hold class numbers from 0 on, or float32 values")
    task = Task.CLASSIFY if labels.ndim == 1 else Task.NEXT
    return Dataset(path.stem, samples, labels.astype("int64"), str(path), task)


def read_arrays(path: Path, *choices: tuple[str, ...], most: int | None = None) -> list[NDArray[Any]]:
    """The arrays of the first choice of names that are all there, without unpickling anything.

    Raises:
        DatasetError: there is none, or it is no archive of NumPy, or larger than `most` bytes (`MOST_BYTES`).
    """
    import numpy as np

    most = MOST_BYTES if most is None else most
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > most:
            raise DatasetError(f"{path}: unpacks to {unpacked:,} bytes, more than {most:,}")
        with np.load(path, allow_pickle=False) as stored:
            names = next((names for names in choices if set(names) <= set(stored.files)), None)
            if names is None:
                missing = [name for name in choices[-1] if name not in stored.files]
                form = ", ".join(f"{name}=..." for name in choices[-1])
                raise DatasetError(f"{path}: lacks the array {' and '.join(missing)}; save it with np.savez({form})")
            return [stored[name] for name in names]
    except DatasetError:
        raise
    except Exception as error:  # A hostile archive draws errors of many kinds from zipfile, zlib and numpy.
        raise DatasetError(f"{path}: is no NumPy archive that can be read without pickle: {error}") from error
