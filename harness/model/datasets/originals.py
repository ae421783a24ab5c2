"""The original files of data sets that `on_disk` also knows as archives, as `harness data fetch` leaves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.datasets.cifar import CIFAR10, CIFAR100, Layout, read_records
from harness.model.datasets.idx import read_pair
from harness.paths import data_directory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Arrays = tuple["NDArray[np.uint8]", "NDArray[np.int64]", "NDArray[np.uint8]", "NDArray[np.int64]"]
"""Samples and labels to learn from, and to judge by."""

_IDX = tuple(f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


@dataclass(frozen=True)
class Original:
    """One data set.

    Attributes:
        paths: its files, whether they are there or not.
        read: the arrays in them; raises DatasetError where they are not what they have to be.
    """

    paths: Callable[[], tuple[Path, ...]]
    read: Callable[[], Arrays]


def _idx_paths(folder: str) -> tuple[Path, ...]:
    plain = [data_directory() / folder / name for name in _IDX]
    return tuple(path if path.is_file() else path.with_name(f"{path.name}.gz") for path in plain)


def _read_idx(folder: str) -> Arrays:
    train, _, test, _ = _idx_paths(folder)
    return *read_pair(train), *read_pair(test)


def _read_cifar(layout: Layout) -> Arrays:
    *train, test = _cifar_paths(layout)
    return *read_records(train, layout), *read_records([test], layout)


def _cifar_paths(layout: Layout) -> tuple[Path, ...]:
    return layout.paths(data_directory() / layout.folder)


def _idx(folder: str) -> Original:
    return Original(lambda: _idx_paths(folder), lambda: _read_idx(folder))


def _cifar(layout: Layout) -> Original:
    return Original(lambda: _cifar_paths(layout), lambda: _read_cifar(layout))


ORIGINALS = {
    "mnist": _idx("mnist"),
    "fashion_mnist": _idx("fashion_mnist"),
    "cifar10": _cifar(CIFAR10),
    "cifar100": _cifar(CIFAR100),
}
