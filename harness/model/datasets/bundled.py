"""Real data that ships inside scikit-learn, split once and for all."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cache import cached, sha256_of_files
from harness.errors import DatasetError
from harness.model.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPLIT_SEED = 0
TEST_SHARE = 0.2
SOURCES = {
    "digits": "load_digits",
    "digits_8x8": "load_digits",
    "wine": "load_wine",
    "breast_cancer": "load_breast_cancer",
}
"""Names, and the functions of `sklearn.datasets` that they come from."""
NAMES = tuple(SOURCES)
SPLITS = ("train", "test")


def load_named(name: str, split: str = "test") -> Dataset:
    """A data set that needs no file, split `train` (80 %) or `test`, always into the same ones.

    `digits`: 1,797 handwritten digits, (count, 28, 28, 1) float32, 0 to 1: the images of 8x8, enlarged for LeNet-5.
    `digits_8x8`: the same ones in the same split as they are, (count, 64).
    `wine` (178 samples of 13 features, 3 classes), `breast_cancer` (569 of 30, 2 classes): (count, features) float32,
    each feature less its mean and over its deviation, both of the training split.

    Raises:
        DatasetError: there is no such data set or split.
    """
    if name not in NAMES or split not in SPLITS:
        raise DatasetError(f"no data set {name!r} with a split {split!r}; there are {', '.join(NAMES)}, with {SPLITS}")
    import numpy as np

    key = {"name": name, "scikit-learn": version("scikit-learn"), "code": sha256_of_files(Path(__file__))}
    path = cached("datasets", key, lambda directory: _store(name, directory)) / "samples.npz"
    with np.load(path, allow_pickle=False) as stored:
        source = f"scikit-learn {SOURCES[name]} (UCI)"
        return Dataset(f"{name} ({split})", stored[f"{split}_x"], stored[f"{split}_y"], source)


def _store(name: str, directory: Path) -> None:
    import numpy as np
    import sklearn.datasets

    bundle: Any = getattr(sklearn.datasets, SOURCES[name])()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(bundle.target))
    held = int(len(order) * TEST_SHARE)
    train, test = order[held:], order[:held]
    samples, labels = _prepared(name, bundle, train), bundle.target.astype(np.int64)
    np.savez(
        directory / "samples.npz",
        **{"train_x": samples[train], "train_y": labels[train], "test_x": samples[test], "test_y": labels[test]},
    )


def _prepared(name: str, bundle: Any, train: NDArray[np.int64]) -> NDArray[np.float32]:
    import numpy as np

    if name == "digits":
        return _enlarged(bundle.images)
    if name == "digits_8x8":
        return np.asarray(bundle.data / 16, np.float32)
    known = bundle.data[train]
    standardized: NDArray[np.float32] = ((bundle.data - known.mean(axis=0)) / known.std(axis=0)).astype(np.float32)
    return standardized


def _enlarged(images: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, 8, 8) of 0 to 16 -> (n, 28, 28, 1) of 0 to 1: each pixel becomes 3x3, with a border of 2."""
    import numpy as np

    larger = np.kron(images / 16, np.ones((1, 3, 3)))
    return np.pad(larger, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
