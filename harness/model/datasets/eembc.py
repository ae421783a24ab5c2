"""The folders that EEMBC's benchmark runner takes, see `eembc_labels`, as samples of a model."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm, Task
from harness.model.datasets.eembc_labels import LabelledFile, has_labels, read_labels
from harness.model.datasets.stimuli import read_stimuli
from harness.model.mlperf_tiny import pixel_benchmark
from harness.model.model import ITEM_BYTES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 2**30


class EembcFolder:
    """Each file is one raw sample, in one of three forms that its size tells.

    - The bytes of the model's input.
    - As many float32, little-endian: real values.
    - For the inputs of MLPerf Tiny's image benchmarks, a byte a pixel: real values too, by the benchmark's scale.

    Where the labels say that windows slide over the files, each file is a recording, normal (0) or anomalous (1).
    """

    def claims(self, path: Path) -> bool:
        return has_labels(path)

    def load(self, path: Path, form: InputForm) -> Dataset:
        import numpy as np

        files, sample_shape, dtype = read_labels(path), form.shape, form.dtype
        if files[0].window_bytes:
            return _recordings(path, form)
        kind = _stored_type(files[0], sample_shape, dtype)
        if len(files) * prod(sample_shape) * ITEM_BYTES[kind] > MOST_BYTES:
            raise DatasetError(f"{path}: its samples take more than {MOST_BYTES:,} bytes; give a smaller data set")
        samples = np.stack([_sample(file, sample_shape, kind) for file in files])
        if (benchmark := pixel_benchmark(sample_shape)) and kind == "uint8" != dtype:
            samples = samples.astype(np.float32) * np.float32(benchmark.pixel_scale)
        return Dataset(path.name, samples, np.array([file.label for file in files], np.int64), str(path))


def _recordings(path: Path, form: InputForm) -> Dataset:
    """Windows of the bytes of the model's input, or of as many float32."""
    import numpy as np

    stimuli, elements = read_stimuli(path), prod(form.shape)
    window = stimuli[0].window_bytes
    kind = next((kind for kind in (form.dtype, "float32") if window == elements * ITEM_BYTES[kind]), "")
    counts = [stimulus.sample_count for stimulus in stimuli]
    if not kind:
        raise DatasetError(f"{path}: has windows of {window:,} bytes; the model takes {form.shape} {form.dtype}")
    if sum(counts) * window > MOST_BYTES:
        raise DatasetError(f"{path}: its windows take more than {MOST_BYTES:,} bytes; give a smaller data set")
    content = b"".join(sample for stimulus in stimuli for sample in stimulus.samples())
    samples = np.frombuffer(content, np.dtype(kind).newbyteorder("<")).astype(kind).reshape(-1, *form.shape)
    labels = np.repeat([stimulus.label for stimulus in stimuli], counts).astype(np.int64)
    recordings = np.repeat(np.arange(len(stimuli)), counts)
    return Dataset(path.name, samples, labels, str(path), Task.ANOMALY, recordings)


def _stored_type(file: LabelledFile, shape: tuple[int, ...], dtype: str) -> str:
    """The type in which the samples are stored, from the size of the first."""
    size, elements = file.size(), prod(shape)
    if size == elements and pixel_benchmark(shape):
        return "uint8"
    for kind in (dtype, "float32"):
        if size == elements * ITEM_BYTES[kind]:
            return kind
    raise DatasetError(
        f"{file.path}: has {size:,} bytes; the model takes {shape} {dtype}, {elements * ITEM_BYTES[dtype]:,} bytes"
    )


def _sample(file: LabelledFile, shape: tuple[int, ...], dtype: str) -> NDArray[np.generic]:
    import numpy as np

    expected = prod(shape) * ITEM_BYTES[dtype]
    if file.size() != expected:
        raise DatasetError(f"{file.path}: has {file.size():,} bytes, other samples have {expected:,}")
    try:
        return np.frombuffer(file.read(), np.dtype(dtype).newbyteorder("<"), prod(shape)).reshape(shape)
    except ValueError as error:
        raise DatasetError(f"{file.path}: {error}") from error
