"""The process that loads and converts a file: `python -m harness.optimize.intake.process` KIND FILE DIRECTORY TYPE.

What loads a model trusts it, and may crash on it or take all memory: it gets a process of its own, with limits. It
finds `representative.npy` (rows of bytes) in the directory where that is needed. It writes there `float.tflite` and
`model.tflite`, `samples.npy` and `expected.npy` (rows of bytes): inputs and what the source answers to them. What is
wrong with the file goes to `error.txt`.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, ModelError
from harness.model.intake.kind import SourceKind
from harness.optimize.intake.check_inputs import check_inputs, split_rows
from harness.optimize.intake.source import FOREIGN_FLOATS, Source
from harness.optimize.quantization import Quantization
from harness.tensorflow_process import import_tensorflow

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS_SPACE = 16 * 2**30
"""TensorFlow and PyTorch reserve gigabytes that they don't use."""
FILE_BYTES = 2**30


def main(kind: SourceKind, path: Path, directory: Path, quantization: Quantization) -> None:
    """Convert one file, and answer the inputs it is to be checked with."""
    import numpy as np

    import_tensorflow()
    source = _loader(kind)(path)
    _refuse_types(source)
    samples = check_inputs(source.inputs, 0)
    answers = [source.answer(sample) for sample in samples]
    np.save(directory / "samples.npy", _rows(samples))
    np.save(directory / "expected.npy", _rows(answers))
    real = _convert(source, Quantization.FLOAT32, None)
    (directory / "float.tflite").write_bytes(real)
    if quantization is Quantization.FLOAT32:
        (directory / "model.tflite").write_bytes(real)
        return
    representative = None
    if quantization.is_calibrated:
        rows = np.load(directory / "representative.npy", allow_pickle=False)
        representative = [split_rows(row, source.inputs) for row in rows]
    (directory / "model.tflite").write_bytes(_convert(source, quantization, representative))


def _refuse_types(source: Source) -> None:
    """Refuse inputs that TFLite's converter would speak of as an operator that is lacking."""
    for number, (_, dtype) in enumerate(source.inputs):
        if dtype in FOREIGN_FLOATS:
            raise ModelError(f"input {number} is {dtype}; TensorFlow Lite computes in float32: export the model so")


def _loader(kind: SourceKind) -> Callable[[Path], Source]:
    # Imported where needed: each knows a library that may not be there.
    if kind in (SourceKind.ONNX, SourceKind.TORCH):
        from harness.optimize.intake import load_onnx

        return load_onnx.load_onnx if kind is SourceKind.ONNX else load_onnx.load_torch
    from harness.optimize.intake import load_keras

    return {
        SourceKind.KERAS: load_keras.load_keras,
        SourceKind.HDF5: load_keras.load_hdf5,
        SourceKind.SAVED_MODEL: load_keras.load_saved_model,
    }[kind]


def _rows(arrays: Any) -> Any:
    """Lists of arrays as rows of bytes, one a list."""
    import numpy as np

    return np.array(
        [np.frombuffer(b"".join(np.ascontiguousarray(x).tobytes() for x in row), np.uint8) for row in arrays]
    )


def _convert(source: Source, quantization: Quantization, representative: Any) -> bytes:
    """The `.tflite` of a source.

    Raises:
        ModelError: TensorFlow Lite lacks operators; all are listed, with where they come from.
    """
    from harness.optimize.convert_process import converted

    try:
        return converted(source.converter(), quantization, representative)
    except Exception as error:  # ConverterError is not public.
        found = [_lacking(one) for one in getattr(error, "errors", ())]
        if not found:
            raise ModelError(f"TensorFlow Lite can't convert it: {' '.join(str(error).split())[:1000]}") from error
        raise ModelError(
            "TensorFlow Lite has no operator for:\n" + "\n".join(f"  {one}" for one in dict.fromkeys(found))
        ) from error


def _lacking(error: Any) -> str:
    """One operator that the converter lacks, with the layers it comes from."""
    names = [call.name for call in error.location.call if call.name]
    return f"{names[0] if names else 'unnamed'}: {error.operator.name or error.error_message.splitlines()[0]}"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    try:
        main(SourceKind(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), Quantization(sys.argv[4]))
    except (HarnessError, MemoryError) as problem:
        Path(sys.argv[3], "error.txt").write_text(str(problem) or "needs too much memory", errors="backslashreplace")
        sys.exit(1)
