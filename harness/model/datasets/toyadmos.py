"""ToyADMOS, and what else DCASE 2020 task 2 has: recordings of machines, `normal_*.wav` and `anomaly_*.wav`."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm, Task
from harness.model.datasets.bounded import MOST_BYTES, files_in
from harness.model.datasets.log_mel import FIRST, FRAMES, HOP, LAST, RATE, windows
from harness.model.datasets.wav import read_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KINDS = {"normal": 0, "anomaly": 1}
_MOST_MELS = 256


class ToyAdmosFolder:
    """Its folder `test`, if it has one, or the recordings in the folder itself."""

    def claims(self, path: Path) -> bool:
        folder = _folder(path)
        return folder.is_dir() and any(_kind(file) is not None for file in folder.iterdir())

    def load(self, path: Path, form: InputForm) -> Dataset:
        import numpy as np

        mels, rest = divmod(prod(form.shape), FRAMES)
        if rest or not 0 < mels <= _MOST_MELS:
            raise DatasetError(f"{path}: gives windows of {FRAMES} frames, the model takes {form.shape}")
        files = [file for file in files_in(_folder(path), ".wav") if _kind(file) is not None]
        if not files:
            raise DatasetError(f"{path}: holds no recordings")
        room = len(files) * (LAST - FIRST) * prod(form.shape) * 4
        if room > MOST_BYTES:
            raise DatasetError(
                f"{path}: the windows of {len(files):,} recordings take {room:,} bytes, more than {MOST_BYTES:,}; give "
                "a folder with fewer"
            )
        found = [_windows(file, mels) for file in files]
        lengths = [len(rows) for rows in found]
        labels = np.repeat([_kind(file) for file in files], lengths).astype(np.int64)
        samples = np.concatenate(found).reshape(-1, *form.shape)
        recordings = np.repeat(np.arange(len(files)), lengths)
        return Dataset(path.name, samples, labels, str(path), Task.ANOMALY, recordings)


def _windows(file: Path, mels: int) -> NDArray[np.float32]:
    found = windows(read_wav(file, RATE), mels)
    if not len(found):
        raise DatasetError(f"{file}: is too short: its middle begins with frame {FIRST}, {FIRST * HOP / RATE:.1f} s")
    return found


def _folder(path: Path) -> Path:
    return path / "test" if (path / "test").is_dir() else path


def _kind(file: Path) -> int | None:
    return _KINDS.get(file.name.partition("_")[0]) if file.suffix.lower() == ".wav" else None
