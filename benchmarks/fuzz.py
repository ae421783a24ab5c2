"""Looks for files that break a reader, led by what of its code they reach; run by hand.

    pip install atheris==3.0.0
    python benchmarks/fuzz.py TARGET [FOLDER OF SEEDS] [-max_total_time=SECONDS] [other options of libFuzzer]

It ends at the first file that raises another error than the reader's own, ends the process, takes 10 s or 512 MiB, and
keeps that file in the working directory. Only Python is instrumented: of what libraries in C do with a file (`onnx`,
`hdf5`) it sees how it ends, not what it reaches. Without seeds it begins with nothing, and stays outside of formats
that begin with a signature. `tests/model/intake/test_mutated.py` breaks files by their structure.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["harness", "flatbuffers", "tflite", "zipfile"]):
    from harness.board.board_file import load_board
    from harness.errors import HarnessError
    from harness.model import tflite_fields  # noqa: F401 - readers import these only when they need them
    from harness.model.description import form, read_description  # noqa: F401
    from harness.model.intake import hdf5, keras_config, onnx_graph, torch_archive
    from harness.model.intake.archive import read_json, read_members
    from harness.model.tflite_reader import read_tflite

OPTIONS = ("-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=512", "-max_len=16384")
LAYERS, OPERATORS = ("Dense", "InputLayer"), ("Relu", "MatMul")


def _keras(path: Path) -> None:
    """Without its weights, which are HDF5."""
    keras_config.complaints(read_json(read_members(path).get("config.json", b""), "config.json"), LAYERS)


def _onnx(path: Path) -> None:
    onnx_graph.complaints(onnx_graph.read_onnx(path), OPERATORS)


def _hdf5(path: Path) -> None:
    hdf5.check_hdf5(path.read_bytes())
    hdf5.read_hdf5_config(path)


TARGETS: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    "board": ("a.yaml", load_board),
    "description": ("a.yaml", read_description),
    "hdf5": ("a.h5", _hdf5),
    "keras": ("a.keras", _keras),
    "onnx": ("a.onnx", _onnx),
    "tflite": ("a.tflite", read_tflite),
    "torch": ("a.pt2", lambda path: torch_archive.safe_copy(path, path.with_name("copy"))),
}


def main() -> None:
    """Hand libFuzzer the chosen reader."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"give a target: {', '.join(TARGETS)}")
    name, read = TARGETS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name

        def once(content: bytes) -> None:
            path.write_bytes(content)
            with suppress(HarnessError):
                read(path)

        given = {option.partition("=")[0] for option in sys.argv}
        defaults = [option for option in OPTIONS if option.partition("=")[0] not in given]
        atheris.Setup([*sys.argv, *defaults], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
