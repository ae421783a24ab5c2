"""IDX files, the format of MNIST and its kin (yann.lecun.com/exdb/mnist): images and, beside them, their labels.

A file is a magic number (two zeros, a type, the number of dimensions), each dimension as a big-endian uint32, and the
elements; of its types, that of unsigned bytes (8) is read. It may be packed (`.gz`).
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm
from harness.model.datasets.bounded import check_room, opened
from harness.model.datasets.pixels import as_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_IMAGES = re.compile(r"(?P<before>.*)images(?P<between>[-._])idx3(?P<after>[-._]ubyte(\.gz)?)")
_UNSIGNED_BYTE = 8
_TEST = ("t10k", "test")


class IdxFiles:
    """A folder with MNIST's files, of which the test ones are taken, or one file of images."""

    def claims(self, path: Path) -> bool:
        return bool(images_in(path)) if path.is_dir() else _IMAGES.fullmatch(path.name) is not None

    def load(self, path: Path, form: InputForm) -> Dataset:
        file = split_file(path, test=True) if path.is_dir() else path
        pixels, labels = read_pair(file)
        return Dataset(path.stem, as_input(file, pixels[..., None], form), labels, str(file))


def images_in(folder: Path) -> list[Path]:
    """The files of images in a folder, by name."""
    return sorted(path for path in folder.iterdir() if _IMAGES.fullmatch(path.name)) if folder.is_dir() else []


def split_file(folder: Path, test: bool) -> Path:
    """The images of the test split, or those of the other.

    Raises:
        DatasetError: there are none, or too many to choose from.
    """
    found = [path for path in images_in(folder) if any(word in path.name for word in _TEST) == test]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        wanted = "t10k-images-idx3-ubyte" if test else "train-images-idx3-ubyte"
        raise DatasetError(f"{folder}: needs one file such as {wanted}, or {wanted}.gz, and has {names}; name the file")
    return found[0]


def labels_file(images: Path) -> Path:
    """Where the labels of a file of images are."""
    match = _IMAGES.fullmatch(images.name)
    if match is None:
        raise DatasetError(f"{images}: its name has to be like t10k-images-idx3-ubyte, so that its labels can be found")
    return images.with_name(f"{match['before']}labels{match['between']}idx1{match['after']}")


def read_pair(images: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The images of a file, (count, height, width), and their labels, (count,).

    Raises:
        DatasetError: one of the files is missing or malformed, or they do not have as many elements.
    """
    import numpy as np

    pixels, labels = read_idx(images, 3), read_idx(labels_file(images), 1)
    if len(pixels) != len(labels) or not pixels.size:
        raise DatasetError(f"{images}: has {len(pixels)} images, {labels_file(images).name} {len(labels)} labels")
    return pixels, labels.astype(np.int64)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The elements of an IDX file with so many dimensions.

    Raises:
        DatasetError: it is missing, or not what it has to be.
    """
    import numpy as np

    length = 4 + 4 * dimensions
    with opened(path) as file:
        header = file.read(length)
        if len(header) < length or header[:4] != bytes([0, 0, _UNSIGNED_BYTE, dimensions]):
            raise DatasetError(
                f"{path}: begins with {header[:4].hex(' ')}; an IDX file of unsigned bytes with {dimensions} "
                f"dimensions begins with 00 00 08 {dimensions:02x}"
            )
        shape = tuple(int.from_bytes(header[at : at + 4], "big") for at in range(4, length, 4))
        expected = prod(shape)
        check_room(path, length + expected, f"what it says it holds, {shape},")
        content = file.read(expected + 1)
    if len(content) != expected:
        found = f"{len(content):,}" if len(content) < expected else "more"
        raise DatasetError(f"{path}: says it holds {shape}, {expected:,} bytes, but has {found}")
    return np.frombuffer(content, np.uint8).reshape(shape)
