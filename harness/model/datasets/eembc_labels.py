"""Which files of an EEMBC folder are samples, and their labels.

A row of `y_labels.csv` is a file's name, the number of classes and the label. Two more columns, for anomaly detection,
are the bytes of a window that slides over the file, and of its stride (github.com/eembc/energyrunner,
`datasets/README.md`). Without `y_labels.csv` the label is the number that a file's name ends in: `word_7.bin`.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DatasetError

LABELS = "y_labels.csv"
MOST_LABEL_BYTES = 2**24

_NAMED_BY_LABEL = re.compile(r".*_(\d{1,6})\.bin")


@dataclass(frozen=True)
class LabelledFile:
    """One file of the folder.

    Attributes:
        window_bytes, stride_bytes: of the windows that are its samples; 0 where the file is one sample.
    """

    path: Path
    label: int
    window_bytes: int = 0
    stride_bytes: int = 0

    def size(self) -> int:
        """Bytes of the file.

        Raises:
            DatasetError: it is not there, or can't be looked at.
        """
        try:
            if not self.path.is_file():
                raise DatasetError(f"{self.path}: no such file, but {LABELS} lists it")
            return self.path.stat().st_size
        except OSError as error:
            raise DatasetError(f"{self.path}: {error.strerror}") from error

    def read(self) -> bytes:
        """All bytes of the file.

        Raises:
            DatasetError: it can't be read.
        """
        self.size()
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise DatasetError(f"{self.path}: {error.strerror}") from error


def has_labels(folder: Path) -> bool:
    """Whether the folder is one of these (a cheap look)."""
    return (folder / LABELS).is_file() or (folder.is_dir() and any(_named_by_label(folder)))


def read_labels(folder: Path) -> list[LabelledFile]:
    """The samples of a folder: in the order of `y_labels.csv`, or of their names.

    Raises:
        DatasetError: there are none, or a row is malformed or names a file outside the folder.
    """
    if (folder / LABELS).is_file():
        return [_labelled(folder, line, row) for line, row in _rows(folder / LABELS)]
    files = [LabelledFile(path, label) for path, label in _named_by_label(folder)]
    if not files:
        raise DatasetError(f"{folder}: has no {LABELS}, and no files whose names end in a label, such as word_7.bin")
    return files


def _named_by_label(folder: Path) -> list[tuple[Path, int]]:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}") from error
    matches = ((name, _NAMED_BY_LABEL.fullmatch(name)) for name in names)
    return [(_inside(folder, name, folder.name), int(match[1])) for name, match in matches if match]


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, with their line numbers."""
    try:
        if path.stat().st_size > MOST_LABEL_BYTES:
            raise DatasetError(f"{path}: is larger than {MOST_LABEL_BYTES:,} bytes")
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(line, row) for line, row in enumerate(csv.reader(file), start=1) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: {error}") from error
    if not rows:
        raise DatasetError(f"{path}: has no rows; each is a file name, the number of classes, the label")
    return rows


def _labelled(folder: Path, line: int, row: list[str]) -> LabelledFile:
    where = f"{folder / LABELS}:{line}"
    try:
        name, classes, label = row[0].strip(), int(row[1]), int(row[2])
        windows = [int(column) for column in row[3:5] if column.strip()]
        window, stride = (windows[0], windows[1]) if windows else (0, 0)
    except (IndexError, ValueError) as error:
        raise DatasetError(
            f"{where}: needs a file name, the number of classes and the label, and perhaps a window and its stride"
        ) from error
    if not 0 <= label < classes <= 2**31:
        raise DatasetError(f"{where}: label {label} is not one of {classes} classes")
    if windows and not (stride > 0 and 0 < window < 2**31):
        raise DatasetError(f"{where}: a window of {window} bytes and a stride of {stride}: both have to be positive")
    return LabelledFile(_inside(folder, name, where), label, window, stride)


def _inside(folder: Path, name: str, where: str) -> Path:
    """The file of that name in the folder; whoever wrote the labels must not choose others of this machine."""
    file = folder / name
    if Path(name).name != name or name in ("", ".", "..") or "\0" in name:
        raise DatasetError(f"{where}: {name!r} is not the plain name of a file in this folder")
    if file.is_symlink() and file.resolve().parent != folder.resolve():
        raise DatasetError(f"{where}: {name!r} is a link that leaves this folder")
    return file
