"""Finds the loader of a data set's format."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from harness.errors import DatasetError
from harness.model.dataset import Dataset, DatasetLoader
from harness.model.datasets.bounded import explained
from harness.model.datasets.cifar import CifarFiles
from harness.model.datasets.eembc import EembcFolder
from harness.model.datasets.idx import IdxFiles
from harness.model.datasets.image_folders import ImageFolders
from harness.model.datasets.npz import NpzFile
from harness.model.datasets.speech_commands import SpeechCommandsFolder
from harness.model.datasets.table import Table
from harness.model.datasets.toyadmos import ToyAdmosFolder
from harness.model.intake.kind import POINTER, is_pointer
from harness.model.model import Model
from harness.model.samples import input_form

ENTRY_POINTS = "tinyml_harness.datasets"
"""Others add a format by an entry point of this group that names a class with the verbs of `DatasetLoader`."""

_OURS: tuple[DatasetLoader, ...] = (
    # Before EEMBC's: it takes a name such as data_batch_1.bin to end in a label.
    CifarFiles(),
    EembcFolder(),
    IdxFiles(),
    SpeechCommandsFolder(),
    ToyAdmosFolder(),
    ImageFolders(),
    NpzFile(),
    Table(),
)
_KNOWN = (
    "a folder with y_labels.csv and .bin files, with MNIST's or CIFAR's binary files, with folders of words "
    "(Speech Commands), with normal_*.wav and anomaly_*.wav, or with a folder of images a class; or a .npz with x and "
    "y, a .csv, a .parquet"
)


@cache
def loaders() -> tuple[DatasetLoader, ...]:
    """All loaders, others' first, so that they can take over a format."""
    return (*(point.load()() for point in entry_points(group=ENTRY_POINTS)), *_OURS)


def load_dataset(path: Path, model: Model) -> Dataset:
    """Read labelled samples for a model with one input.

    Raises:
        DatasetError: as `find_loader`, or what is there is malformed.
    """
    if len(model.inputs) != 1:
        raise DatasetError(f"{path}: {model.name} has {len(model.inputs)} inputs; data sets feed models with one")
    return find_loader(path).load(path, input_form(model))


def find_loader(path: Path) -> DatasetLoader:
    """The loader of what is there.

    Raises:
        DatasetError: nothing is, or no loader knows the format.
    """
    if not path.exists():
        raise DatasetError(f"{path}: no such file or folder")
    with explained(path):
        if path.is_file() and is_pointer(path):
            raise DatasetError(f"{path}: {POINTER}")
        for loader in loaders():
            if loader.claims(path):
                return loader
    raise DatasetError(f"{path}: not a known format; give {_KNOWN}")
