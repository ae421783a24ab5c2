"""Trained classifiers of the zoo, cached by content."""

from __future__ import annotations

import math
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import cached, sha256_of_files
from harness.model.datasets.sources import content_hash
from harness.model.estimator import write_estimator
from harness.model.zoo.classical import ClassicalEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_INT16_MAX = 2**15 - 1


def estimator_file(entry: ClassicalEntry, seed: int, quantized: bool) -> Path:
    """The `.skops` file of a classifier, trained when it is not there yet.

    Args:
        quantized: whether its features are int16; it is trained on real ones in any case.
    """
    here = Path(__file__)
    key = {
        "model": entry.name,
        "seed": seed,
        "quantized": quantized,
        "code": sha256_of_files(here, here.with_name("classical.py"), here.parents[1] / "estimator.py"),
        "data": [entry.data.to_json(), content_hash(entry.data)] if entry.data else [],
        **{package: version(package) for package in ("numpy", "scikit-learn", "skops")},
    }

    def train(directory: Path) -> None:
        split = entry.split()
        scale = feature_scale(split.train_x) if quantized else None
        estimator = entry.build(entry.seed + seed).fit(split.train_x, split.train_y)
        write_estimator(estimator, scale, directory / f"{entry.name}.skops")

    return cached("estimators", key, train) / f"{entry.name}.skops"


def feature_scale(samples: NDArray[np.generic]) -> float:
    """The smallest power of two by which the training samples fit into int16, with their largest value doubled.

    Samples that are farther out saturate.
    """
    import numpy as np

    largest = 2 * float(np.abs(samples).max())
    return float(2.0 ** math.ceil(math.log2(max(largest, 2**-30) / _INT16_MAX)))
