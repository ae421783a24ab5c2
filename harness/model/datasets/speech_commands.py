"""Speech Commands (arxiv.org/abs/1804.03209): a folder a word, of recordings of a second; MLPerf Tiny's twelve classes.

Two forms: the whole set, of which `testing_list.txt` names the test files, and the test set, whose folders `_silence_`
and `_unknown_` hold what belongs to these classes. The whole set has no such folders: there, words that are none of the
ten are unknown, and silence is cut out of `_background_noise_` (for the test out of the last fifth of each recording),
of either a tenth as many as of the ten words together, evenly spread, the same ones every time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm
from harness.model.datasets.bounded import check_link, files_in, folders_in, read_whole
from harness.model.datasets.mfcc import COEFFICIENTS, FRAMES, RATE, mfcc
from harness.model.datasets.wav import read_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
CLASSES = (*WORDS, "_silence_", "_unknown_")
_SILENCE, _UNKNOWN = CLASSES.index("_silence_"), CLASSES.index("_unknown_")
_NOISE = "_background_noise_"
TEST_LIST = "testing_list.txt"
TEST_NOISE = 0.2
"""Share of each recording of noise that is kept for the test."""
_LISTED = re.compile(r"[a-z]+/[0-9a-zA-Z_]+\.wav")
_MOST_LIST_BYTES = 2**24


@dataclass(frozen=True)
class Clip:
    """A second of a recording, from the sample `start` on, and its class."""

    path: Path
    label: int
    start: int = 0


class SpeechCommandsFolder:
    """The test split, as features for a model that takes them."""

    def claims(self, path: Path) -> bool:
        return (path / TEST_LIST).is_file() or all((path / word).is_dir() for word in WORDS)

    def load(self, path: Path, form: InputForm) -> Dataset:
        if prod(form.shape) != FRAMES * COEFFICIENTS:
            raise DatasetError(f"{path}: gives features of {(FRAMES, COEFFICIENTS, 1)}, the model takes {form.shape}")
        samples, labels = features(listed(path) if (path / TEST_LIST).is_file() else in_folders(path))
        return Dataset(path.name, samples.reshape(-1, *form.shape), labels, str(path))


def features(clips: list[Clip]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(count, 49, 10, 1) and (count,): what is heard in some clips, and their classes."""
    import numpy as np

    samples = np.stack([mfcc(read_wav(clip.path, RATE, clip.start, RATE)) for clip in clips])
    return samples, np.array([clip.label for clip in clips], np.int64)


def in_folders(folder: Path) -> list[Clip]:
    """All recordings in the folders of the test set.

    Raises:
        DatasetError: there are none, or a folder can't be read.
    """
    clips = [
        Clip(file, CLASSES.index(words.name) if words.name in CLASSES else _UNKNOWN)
        for words in folders_in(folder)
        if words.name != _NOISE
        for file in files_in(words, ".wav")
    ]
    if not clips:
        raise DatasetError(f"{folder}: its folders hold no .wav files")
    return clips


def listed(folder: Path) -> list[Clip]:
    """The recordings that `testing_list.txt` names, with a tenth as many of silence, of unknown words.

    Raises:
        DatasetError: a line of the list is not like `yes/0a7c2a8d_nohash_0.wav`, or there are none.
    """
    clips = [_listed(folder, number, line) for number, line in _lines(folder / TEST_LIST)]
    return _balanced(folder, clips, 1 - TEST_NOISE, 1)


def not_listed(folder: Path) -> list[Clip]:
    """All other recordings, those for validation too, balanced in the same way.

    Raises:
        DatasetError: as `listed`, or there are none.
    """
    held = {clip.path for clip in (_listed(folder, *line) for line in _lines(folder / TEST_LIST))}
    clips = [clip for clip in in_folders(folder) if clip.path not in held]
    return _balanced(folder, clips, 0, 1 - TEST_NOISE)


def _balanced(folder: Path, clips: list[Clip], first: float, last: float) -> list[Clip]:
    known = [clip for clip in clips if clip.label != _UNKNOWN]
    share = max(1, len(known) // len(WORDS))
    unknown = _spread([clip for clip in clips if clip.label == _UNKNOWN], share)
    return known + _spread(_silences(folder, first, last), share) + unknown


def _silences(folder: Path, first: float, last: float) -> list[Clip]:
    """Seconds of this part of every recording of background noise."""
    if not (folder / _NOISE).is_dir():
        return []
    lengths = [(file, len(read_wav(file, RATE))) for file in files_in(folder / _NOISE, ".wav")]
    return [
        Clip(file, _SILENCE, start)
        for file, length in lengths
        for start in range(int(first * length), int(last * length) - RATE + 1, RATE // 16)
    ]


def _spread(clips: list[Clip], count: int) -> list[Clip]:
    """So many of them, or all, at even distances."""
    if len(clips) <= count:
        return clips
    return [clips[number * len(clips) // count] for number in range(count)]


def _lines(path: Path) -> list[tuple[int, str]]:
    text = read_whole(path, _MOST_LIST_BYTES).decode("utf-8", errors="replace")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise DatasetError(f"{path}: names no recordings")
    return lines


def _listed(folder: Path, number: int, line: str) -> Clip:
    if not _LISTED.fullmatch(line):
        raise DatasetError(f"{folder / TEST_LIST}:{number}: {line[:60]!r} is not like 'yes/0a7c2a8d_nohash_0.wav'")
    path = folder / line
    check_link(folder, path)
    return Clip(path, WORDS.index(path.parent.name) if path.parent.name in WORDS else _UNKNOWN)
