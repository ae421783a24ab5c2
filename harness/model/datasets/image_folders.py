"""A folder a class, of images: ImageNet's form, and that of the Visual Wake Words of MLPerf Tiny.

Classes are numbered in the order of their names: of `non_person` and `person` the second is 1. Images take the size of
the model's input, without regard to their proportions, by Pillow's bilinear filter (which averages what it shrinks).
"""

from __future__ import annotations

import io
import warnings
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm
from harness.model.datasets.bounded import MOST_BYTES, files_in, folders_in, read_whole
from harness.model.datasets.pixels import as_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm")
_FORMATS = ("JPEG", "PNG", "BMP", "PPM")
_TEST = ("test", "val", "validation")
MOST_FILE_BYTES = 2**26
MOST_PIXELS = 2**26
"""Of one image: 64 million, beyond which it is taken for an attack, as Pillow does beyond 89 million."""


class ImageFolders:
    """The folder `test`, `val` or `validation` where there is one, or the folder itself."""

    def claims(self, path: Path) -> bool:
        return path.is_dir() and any(
            file.suffix.lower() in SUFFIXES for one in _classes(path)[:2] for file in one.iterdir()
        )

    def load(self, path: Path, form: InputForm) -> Dataset:
        import numpy as np

        classes = _classes(path)
        files = [(file, label) for label, one in enumerate(classes) for file in files_in(one, *SUFFIXES)]
        if len(files) * prod(form.shape) * 4 > MOST_BYTES:
            raise DatasetError(f"{path}: {len(files):,} images of {form.shape} take more than {MOST_BYTES:,} bytes")
        if not files:
            raise DatasetError(f"{path}: its folders hold no images")
        size = _size(path, form.shape)
        pixels = np.stack([read_image(file, size) for file, _ in files])
        labels = np.array([label for _, label in files], np.int64)
        names = tuple(one.name for one in classes)
        return Dataset(path.name, as_input(path, pixels, form), labels, str(path), class_names=names)


def _classes(path: Path) -> list[Path]:
    split = next((path / name for name in _TEST if (path / name).is_dir()), path)
    return folders_in(split)


def _size(path: Path, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of what the model takes."""
    height, width, channels = (*shape, 1)[:3] if len(shape) in (2, 3) else (0, 0, 0)
    if channels not in (1, 3):
        raise DatasetError(f"{path}: holds images; the model takes {shape}, not (height, width, 1 or 3 colours)")
    return height, width, channels


def read_image(path: Path, size: tuple[int, int, int]) -> NDArray[np.uint8]:
    """(height, width, channels) of an image.

    Raises:
        DatasetError: it is damaged, of another format than its name says, or too large.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    height, width, channels = size
    # From memory, where asking for as many bytes as a damaged file claims to have makes no room for them.
    content = read_whole(path, MOST_FILE_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise DatasetError(f"{path}: has {image.width}x{image.height} pixels, more than {MOST_PIXELS:,}")
                plain = image.convert("RGB" if channels == 3 else "L")
        shaped = plain if plain.size == (width, height) else plain.resize((width, height), Image.Resampling.BILINEAR)
    except DatasetError:
        raise
    except UnidentifiedImageError as error:
        raise DatasetError(f"{path}: is no image that can be read") from error
    except Exception as error:  # A hostile image draws errors of many kinds from Pillow.
        raise DatasetError(f"{path}: is no image that can be read: {error}") from error
    return np.asarray(shaped, np.uint8).reshape(height, width, channels)
