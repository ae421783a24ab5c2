"""Which format a model file has, by its bytes; formats that can't be taken are refused with the way out."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from pathlib import Path

from harness.errors import ModelError
from harness.model.file_bounds import MOST_BYTES, check_size

SUFFIXES = (
    ".keras",
    ".h5",
    ".hdf5",
    ".onnx",
    ".pt2",
    ".pt",
    ".pth",
    ".bin",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".safetensors",
)
"""Names that are looked into here, also those of files that are then refused."""
PICKLED = (
    "is a pickle: loading it runs whatever code its author put into it, so it is never opened. Where you trust it, "
    "export its model: torch.export.save(torch.export.export(model.eval(), (example,)), 'model.pt2'), "
    "or torch.onnx.export(model, (example,), 'model.onnx', external_data=False)"
)
POINTER = "is a pointer of Git LFS, and not the file that it stands for; run `git lfs pull` where it was cloned"
_POINTER = b"version https://git-lfs."
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE_PROTOCOLS = tuple(bytes((0x80, version)) for version in range(2, 6))
_TAKEN = ".tflite, .keras, .h5, .onnx, .pt2, .skops or the folder of a SavedModel"


class SourceKind(StrEnum):
    """Formats that are converted."""

    KERAS = "keras"
    HDF5 = "h5"
    SAVED_MODEL = "saved_model"
    ONNX = "onnx"
    TORCH = "pt2"


def is_source(path: Path) -> bool:
    """Whether `kind_of` has something to say of a path; a cheap look at its name."""
    return path.suffix.lower() in SUFFIXES or (path / "saved_model.pb").is_file()


def kind_of(path: Path) -> SourceKind:
    """The format of a model file or folder.

    Raises:
        ModelError: there is none, it is too large, a pickle, or of no format that is known.
    """
    try:
        if path.is_dir():
            return _kind_of_folder(path)
        if not path.is_file():
            raise ModelError(f"{path}: no such file; give {_TAKEN}")
        check_size(path)
        with path.open("rb") as file:
            head = file.read(32)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: {error}") from error
    return _kind_of_bytes(path, head)


def _kind_of_folder(path: Path) -> SourceKind:
    if not (path / "saved_model.pb").is_file():
        raise ModelError(f"{path}: is a folder without saved_model.pb, and so no SavedModel; give {_TAKEN}")
    files = [file for file in path.rglob("*") if file.is_file() or file.is_symlink()]
    outside = [file for file in files if not file.resolve().is_relative_to(path.resolve())]
    if outside:
        raise ModelError(f"{outside[0]}: links out of the SavedModel; copy the file into it")
    if sum(file.stat().st_size for file in files) > MOST_BYTES:
        raise ModelError(f"{path}: holds more than {MOST_BYTES:,} bytes, which no microcontroller holds")
    return SourceKind.SAVED_MODEL


def is_pointer(path: Path) -> bool:
    """Whether a file is what Git LFS leaves in place of it."""
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def otherwise(content: bytes) -> str:
    """What bytes that are no `.tflite` file are instead, with the way out; empty where that is not known."""
    if content.startswith(_POINTER):
        return f"; it {POINTER}"
    if content.startswith(_PICKLE_PROTOCOLS):
        return f"; it {PICKLED}"
    for mark, kinds in ((_HDF5, ".h5"), (_ZIP, ".keras or .pt2")):
        if content.startswith(mark):
            return f"; it begins as a {kinds} file does: name it so"
    return "" if content else "; it is empty"


def _kind_of_bytes(path: Path, head: bytes) -> SourceKind:
    if head.startswith(_POINTER):
        raise ModelError(f"{path}: {POINTER}")
    if head.startswith(_HDF5):
        return SourceKind.HDF5
    if head.startswith(_ZIP):
        return _kind_of_archive(path)
    if head.startswith(_PICKLE_PROTOCOLS):
        raise ModelError(f"{path}: {PICKLED}")
    if head[8:9] == b"{" and path.suffix == ".safetensors":
        raise ModelError(f"{path}: holds weights, but no network; load them into their model and export that as ONNX")
    # What is left has no mark of its own: ONNX is a bare protocol buffer, and the oldest pickles are text.
    if path.suffix.lower() == ".onnx":
        return SourceKind.ONNX
    if path.suffix.lower() in (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt"):
        raise ModelError(f"{path}: holds no exported model; if it is one of PyTorch's old files, it {PICKLED}")
    raise ModelError(f"{path}: is truncated or corrupt, or not what its name says; give {_TAKEN}")


def _kind_of_archive(path: Path) -> SourceKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise ModelError(f"{path}: is truncated or corrupt: {error}") from error
    if "config.json" in names and "model.weights.h5" in names:
        return SourceKind.KERAS
    if any(name.endswith("archive_format") for name in names) and any("/models/" in name for name in names):
        return SourceKind.TORCH
    if any(name.rpartition("/")[2] in ("data.pkl", "constants.pkl") for name in names):
        raise ModelError(f"{path}: {PICKLED}")
    raise ModelError(f"{path}: is a zip archive of neither Keras nor PyTorch's export; give {_TAKEN}")
