"""Speech Commands to learn from: MLPerf Tiny's twelve classes, by its front end, of the whole set on disk."""

from __future__ import annotations

from pathlib import Path

from harness.cache import cached, sha256_of_files
from harness.errors import DatasetError
from harness.model.datasets.mfcc import COEFFICIENTS, FRAMES
from harness.model.datasets.source import Arguments, Source, Split
from harness.model.datasets.speech_commands import CLASSES, TEST_LIST, features, listed, not_listed
from harness.model.goal import classify
from harness.paths import data_directory

_GOAL = classify((FRAMES, COEFFICIENTS, 1), len(CLASSES), (-123.5, 25.5))
_CODE = ("mfcc.py", "speech_commands.py", "spoken.py", "wav.py")


def _list() -> Path:
    return data_directory() / "speech_commands" / TEST_LIST


def _split(_arguments: Arguments) -> Split:
    """The features of all recordings, which take minutes, from the cache."""
    import numpy as np

    if not _list().is_file():
        raise DatasetError(f"{_list()} is missing; fetch the data set: harness data fetch speech_commands")
    folder = _list().parent
    here = Path(__file__).parent
    recordings = sorted((str(path.relative_to(folder)), path.stat().st_size) for path in folder.glob("*/*.wav"))
    key = {
        "list": sha256_of_files(_list()),
        "recordings": recordings,
        "code": sha256_of_files(*(here / name for name in _CODE)),
    }

    def store(directory: Path) -> None:
        (train_x, train_y), (test_x, test_y) = features(not_listed(folder)), features(listed(folder))
        np.savez(directory / "features.npz", train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)

    with np.load(cached("datasets", key, store) / "features.npz", allow_pickle=False) as stored:
        return Split(*(stored[name] for name in ("train_x", "train_y", "test_x", "test_y")))


SPOKEN = {"speech_commands": Source("Speech Commands", {}, lambda _: _GOAL, _split, lambda _: (_list(),))}
