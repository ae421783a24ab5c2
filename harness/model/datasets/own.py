"""A user's own samples for a description: a `.npz`, whose form the description states and the file has to have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DatasetError
from harness.model.datasets.npz import read_arrays
from harness.model.datasets.on_disk import ARRAYS
from harness.model.datasets.source import Arguments, Source, Split, real, shape, whole
from harness.model.goal import classify, regress

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _files(arguments: Arguments) -> tuple[Path, ...]:
    return (Path(str(arguments["path"])),)


def _load(arguments: Arguments, answers: Callable[[Path, NDArray[Any]], NDArray[Any]]) -> Split:
    """The file's own split, or of one array each the first for the test."""
    (path,) = _files(arguments)
    if not path.is_file():
        raise DatasetError(
            f"{path} is missing, which the description names; put it there (paths are relative to where you are), or "
            "train on noise of the same shape: write ?data=random after the model's name"
        )
    arrays = read_arrays(path, ARRAYS, ("x", "y"))
    made: list[NDArray[Any]] = []
    for x, y in zip(arrays[::2], arrays[1::2], strict=True):
        _check_samples(path, x, y, shape(arguments, "feature_shape"))
        made += x.astype("float32"), answers(path, y)
    if len(made) == 4:
        return Split(*made)
    samples, labels = made
    return Split.first_for_test(samples, labels, real(arguments, "test_ratio"))


def _check_samples(path: Path, x: NDArray[Any], y: NDArray[Any], wanted: tuple[int, ...]) -> None:
    import numpy as np

    if x.dtype.kind not in "iuf" or not np.isfinite(x).all():
        raise DatasetError(f"{path}: x is {x.dtype}; it has to be finite numbers, in real units")
    if x.ndim < 1 or x.shape[1:] != wanted:
        raise DatasetError(f"{path}: samples have the shape {x.shape[1:]}, feature_shape says {wanted}")
    if y.ndim < 1 or len(x) != len(y) or len(x) == 0:
        raise DatasetError(f"{path}: has {len(x)} samples, and y of the shape {y.shape}; needs as many, and some")


def _classes(arguments: Arguments) -> Split:
    count = whole(arguments, "num_labels")

    def answers(path: Path, y: NDArray[Any]) -> NDArray[Any]:
        if y.dtype.kind not in "iu" or y.ndim != 1 or y.min() < 0 or y.max() >= count:
            raise DatasetError(f"{path}: y has to be (count,) whole numbers from 0 to {count - 1}, as num_labels says")
        return y.astype("int64")

    return _load(arguments, answers)


def _values(arguments: Arguments) -> Split:
    count = whole(arguments, "output_size")

    def answers(path: Path, y: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        if y.dtype.kind not in "iuf" or y.size != len(y) * count or not np.isfinite(y).all():
            raise DatasetError(f"{path}: y has to be (count, {count}) finite numbers, as output_size says")
        return y.reshape(len(y), count).astype("float32")

    return _load(arguments, answers)


_COMMON: Arguments = {"path": "", "feature_shape": (50,), "test_ratio": 0.2}

OWN = {
    "npz_classification": Source(
        "classes of your own",
        {**_COMMON, "num_labels": 10},
        lambda arguments: classify(shape(arguments, "feature_shape"), whole(arguments, "num_labels")),
        _classes,
        _files,
    ),
    "npz_regression": Source(
        "values of your own",
        {**_COMMON, "output_size": 1},
        lambda arguments: regress(shape(arguments, "feature_shape"), whole(arguments, "output_size")),
        _values,
        _files,
    ),
}
"""Named as the random sets, whose arguments they take."""
