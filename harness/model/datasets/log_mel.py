"""The front end of MLPerf Tiny's anomaly detection: windows of five frames of log-mel energies.

Parameters: github.com/mlcommons/tiny, `benchmark/training/anomaly_detection/common.py` and `baseline.yaml`. The stages
are those of `librosa.feature.melspectrogram` with its defaults (librosa.org/doc, release 0.11): frames centred on
multiples of the hop, the sound padded with zeros; Hann window; power spectrum; Slaney's mel bands up to half the rate,
each of area 1. What pads the ends does not matter here, as only the middle of a recording is taken.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from harness.model.datasets.mfcc import hann

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
FFT = 1024
HOP = 512
FRAMES = 5
FIRST, LAST = 50, 250
"""The frames of a recording that are taken."""


def log_mel(sound: NDArray[np.int16], mels: int) -> NDArray[np.float64]:
    """(frames, mels), in decibels of the power of samples between -1 and 1."""
    import numpy as np

    padded = np.pad(sound / 2**15, FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]
    power = np.abs(np.fft.rfft(frames * hann(FFT))) ** 2
    decibels: NDArray[np.float64] = 10 * np.log10(power @ mel_weights(mels) + np.finfo(float).eps)
    return decibels


def windows(sound: NDArray[np.int16], mels: int) -> NDArray[np.float32]:
    """(windows, 5 x mels) of the middle of a recording, each a frame later; none of one that is too short."""
    import numpy as np

    middle = log_mel(sound, mels)[FIRST:LAST]
    if len(middle) < FRAMES:
        return np.zeros((0, FRAMES * mels), np.float32)
    stacked = np.lib.stride_tricks.sliding_window_view(middle, FRAMES, axis=0)
    return stacked.transpose(0, 2, 1).reshape(len(stacked), -1).astype(np.float32)


@cache
def mel_weights(mels: int) -> NDArray[np.float64]:
    """(bins of the spectrum, bands): triangles between frequencies that are evenly spaced in Slaney's mel."""
    import numpy as np

    bins = np.linspace(0, RATE / 2, FFT // 2 + 1)[:, None]
    edges = _hertz(np.linspace(0, _mel(RATE / 2), mels + 2))
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(0, np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)))
    weights: NDArray[np.float64] = triangles * 2 / (upper - lower)
    return weights


_LINEAR_HZ = 200 / 3
"""Of one mel, up to 1 kHz; above, mels are logarithmic: 27 of them for a factor of 6.4."""
_KNEE_HZ = 1000.0
_KNEE_MEL = _KNEE_HZ / _LINEAR_HZ


def _mel(hertz: float) -> float:
    import math

    return _KNEE_MEL + 27 * math.log(hertz / _KNEE_HZ, 6.4) if hertz > _KNEE_HZ else hertz / _LINEAR_HZ


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.where(mel > _KNEE_MEL, _KNEE_HZ * 6.4 ** ((mel - _KNEE_MEL) / 27), mel * _LINEAR_HZ)
