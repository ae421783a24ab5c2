"""WAV files of 16-bit samples on one channel, the only kind that the data sets here are made of."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.datasets.bounded import explained

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SECONDS = 600


def read_wav(path: Path, rate: int, start: int = 0, count: int | None = None) -> NDArray[np.int16]:
    """The samples of a recording, or so many of them from `start` on; fewer where it ends before.

    Raises:
        DatasetError: it is malformed, of another rate or kind, shorter than it says, or longer than `MOST_SECONDS`.
    """
    import numpy as np

    with explained(path):
        size = path.stat().st_size
    try:
        with path.open("rb") as file, wave.open(file) as sound:
            frames = _checked(path, sound, rate, size)
            sound.setpos(min(start, frames))
            wanted = max(frames - start if count is None else min(count, frames - start), 0)
            content = sound.readframes(wanted)
    except DatasetError:
        raise
    except Exception as error:  # A hostile file draws errors of many kinds from wave.
        raise DatasetError(f"{path}: is no WAV file of plain samples: {error or 'it ends too early'}") from error
    if len(content) < 2 * wanted:
        raise DatasetError(f"{path}: says it has {frames:,} samples, and ends before them")
    return np.frombuffer(content, "<i2").astype(np.int16)


def _checked(path: Path, sound: wave.Wave_read, rate: int, size: int) -> int:
    """Its number of samples, when all it says of itself is true and as wanted."""
    channels, width, its_rate, frames = sound.getparams()[:4]
    if (channels, width, its_rate) != (1, 2, rate):
        raise DatasetError(
            f"{path}: has {channels} channel(s) of {8 * width} bits at {its_rate:,} Hz; wanted is one of 16 bits at "
            f"{rate:,} Hz"
        )
    if 2 * frames > size:
        raise DatasetError(f"{path}: says it has {frames:,} samples, more than its {size:,} bytes hold")
    if frames > MOST_SECONDS * rate:
        raise DatasetError(f"{path}: is longer than {MOST_SECONDS} s")
    return frames
