"""Real handwritten digits: 1,797 images of 8x8 that ship inside scikit-learn, brought to LeNet-5's 28x28."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import cached, sha256_of_files
from harness.errors import DatasetError
from harness.model.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPLIT_SEED = 0
TEST_SHARE = 0.2
NAMES = ("digits",)
SPLITS = ("train", "test")


def load_named(name: str, split: str = "test") -> Dataset:
    """A data set that needs no file: `digits`, split `train` (1,438 samples) or `test` (359), always the same ones.

    Samples are (count, 28, 28, 1) float32, 0 to 1.

    Raises:
        DatasetError: there is no such data set or split.
    """
    if name not in NAMES or split not in SPLITS:
        raise DatasetError(f"no data set {name!r} with a split {split!r}; there is {NAMES[0]!r} with {SPLITS}")
    import numpy as np

    key = {"scikit-learn": version("scikit-learn"), "code": sha256_of_files(Path(__file__))}
    with np.load(cached("datasets", key, _store) / "digits.npz", allow_pickle=False) as stored:
        return Dataset(
            f"digits ({split})", stored[f"{split}_x"], stored[f"{split}_y"], "scikit-learn load_digits (UCI)"
        )


def _store(directory: Path) -> None:
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digits.images))
    held = int(len(order) * TEST_SHARE)
    images, labels = _enlarged(digits.images), digits.target.astype(np.int64)
    train, test = order[held:], order[:held]
    np.savez(
        directory / "digits.npz",
        **{"train_x": images[train], "train_y": labels[train], "test_x": images[test], "test_y": labels[test]},
    )


def _enlarged(images: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, 8, 8) of 0 to 16 -> (n, 28, 28, 1) of 0 to 1: each pixel becomes 3x3, with a border of 2."""
    import numpy as np

    larger = np.kron(images / 16, np.ones((1, 3, 3)))
    return np.pad(larger, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
