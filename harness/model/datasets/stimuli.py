"""Samples as they go over the console to firmware that speaks EEMBC's protocol: raw, as they lie in the data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DatasetError
from harness.model.datasets.eembc_labels import LabelledFile, read_labels
from harness.model.mlperf_tiny import Benchmark, SampleFormat
from harness.model.synthetic import patchy_noise

MOST_BYTES = 2**30
UNLABELLED = -1


@dataclass(frozen=True)
class Stimulus:
    """One file of a data set.

    Attributes:
        name: of the file.
        label: class number; `UNLABELLED` where there is none.
        content: the file's bytes.
        window_bytes, stride_bytes: of the samples in it.
    """

    name: str
    label: int
    content: bytes
    window_bytes: int
    stride_bytes: int

    @property
    def sample_count(self) -> int:
        """How many windows lie wholly in the file."""
        return (len(self.content) - self.window_bytes) // self.stride_bytes + 1

    def samples(self) -> Iterator[bytes]:
        """What the firmware is given, one after another."""
        for number in range(self.sample_count):
            start = number * self.stride_bytes
            yield self.content[start : start + self.window_bytes]


def read_stimuli(folder: Path, sample_bytes: int | None = None) -> list[Stimulus]:
    """All files of a folder that `read_labels` knows.

    Args:
        sample_bytes: what the firmware takes; None: as many as the folder's first sample has.

    Raises:
        DatasetError: a file is missing, malformed, or of another size than the firmware takes.
    """
    files = read_labels(folder)
    expected = sample_bytes or files[0].window_bytes or files[0].size()
    if sum(file.size() for file in files) > MOST_BYTES:
        raise DatasetError(f"{folder}: its files have more than {MOST_BYTES:,} bytes; give a smaller data set")
    return [_stimulus(file, expected) for file in files]


def _stimulus(file: LabelledFile, sample_bytes: int) -> Stimulus:
    content = file.read()
    window = file.window_bytes or len(content)
    if window != sample_bytes or not 0 < window <= len(content):
        what = f"windows of {window:,} of its {len(content):,}" if file.window_bytes else f"{len(content):,}"
        raise DatasetError(f"{file.path}: a sample has {sample_bytes:,} bytes, this file has {what}")
    return Stimulus(file.path.name, file.label, content, window, file.stride_bytes or window)


def made_up_stimuli(benchmark: Benchmark | None, sample_bytes: int, count: int, seed: int) -> list[Stimulus]:
    """Samples for timing, where there is no data set: noise of the benchmark's format, the same for the same seed."""
    import numpy as np

    generator = np.random.default_rng(seed)
    if benchmark is not None and benchmark.sample_format is SampleFormat.REALS:
        from harness.model.zoo import ZOO

        low, high = ZOO[benchmark.zoo].input_range
        noise = patchy_noise((sample_bytes // 4,), count, generator)
        contents = [(low + (high - low) * row).astype("<f4").tobytes() for row in noise]
    else:
        noise = patchy_noise((sample_bytes,), count, generator)
        contents = [np.rint(row * 255).astype(np.uint8).tobytes() for row in noise]
    return [
        Stimulus(f"noise {number}", UNLABELLED, content, sample_bytes, sample_bytes)
        for number, content in enumerate(contents)
    ]
