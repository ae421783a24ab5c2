"""CIFAR-10 and CIFAR-100 in their binary version (www.cs.toronto.edu/~kriz/cifar.html).

A record is the label (of CIFAR-100 the coarse one, of 20, then the fine one, of 100) and 32x32 pixels: all red ones,
all green ones, all blue ones, in rows. There is no header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm
from harness.model.datasets.bounded import read_whole
from harness.model.datasets.pixels import as_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Layout:
    """One of the two sets.

    Attributes:
        folder: what its archive unpacks to.
        label_bytes: before the pixels; the last one is the label.
    """

    name: str
    folder: str
    classes: int
    label_bytes: int
    train: tuple[str, ...]
    test: str

    def paths(self, folder: Path) -> tuple[Path, ...]:
        """All files, the test one last."""
        return tuple(folder / name for name in (*self.train, self.test))


CIFAR10 = Layout(
    "cifar10", "cifar-10-batches-bin", 10, 1, tuple(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"
)
CIFAR100 = Layout("cifar100", "cifar-100-binary", 100, 2, ("train.bin",), "test.bin")
_LAYOUTS = (CIFAR10, CIFAR100)
_PICKLED = (("batches.meta",), ("meta", "train", "test"))
_WAY_OUT = "take the binary version: harness data fetch cifar10 (or cifar100) says from where"


class CifarFiles:
    """A folder with the files of either, of which the test one is taken, or one file by its name."""

    def claims(self, path: Path) -> bool:
        return _layout(path) is not None or any(all((path / name).is_file() for name in names) for names in _PICKLED)

    def load(self, path: Path, form: InputForm) -> Dataset:
        layout = _layout(path)
        if layout is None:
            raise DatasetError(f"{path}: is CIFAR's Python version, which is pickled and never opened; {_WAY_OUT}")
        file = path / layout.test if path.is_dir() else path
        pixels, labels = read_records([file], layout)
        return Dataset(path.stem, as_input(file, pixels, form), labels, str(file))


def _layout(path: Path) -> Layout | None:
    for layout in _LAYOUTS:
        if path.is_dir() and (path / layout.test).is_file():
            return layout
        if path.is_file() and path.name in (*layout.train, layout.test):
            return layout
    return None


def read_records(files: Sequence[Path], layout: Layout) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The images of some files, (count, 32, 32, 3), and their labels, (count,).

    Raises:
        DatasetError: a file is missing, has no whole number of records, or a label is no class.
    """
    import numpy as np

    size, parts = layout.label_bytes + _PIXELS, []
    for file in files:
        content = read_whole(file)
        if not content or len(content) % size:
            raise DatasetError(f"{file}: has {len(content):,} bytes, not records of {size:,} as {layout.name} has")
        records = np.frombuffer(content, np.uint8).reshape(-1, size)
        if records[:, layout.label_bytes - 1].max() >= layout.classes:
            raise DatasetError(f"{file}: has a label beyond the {layout.classes} classes of {layout.name}")
        parts.append(records)
    rows = np.concatenate(parts)
    pixels = rows[:, layout.label_bytes :].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return pixels, rows[:, layout.label_bytes - 1].astype(np.int64)
