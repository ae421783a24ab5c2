"""The front end of MLPerf Tiny's keyword spotting: one second of sound to 49 frames of 10 cepstral coefficients.

Parameters: github.com/mlcommons/tiny, `benchmark/training/keyword_spotting/get_dataset.py`. Its stages are those of
`tf.signal` (`stft`, `linear_to_mel_weight_matrix`, `mfccs_from_log_mel_spectrograms`); a test holds them against it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
"""Samples in a second, and in a recording."""
WINDOW = 480
STRIDE = 320
FFT = 512
FRAMES = 49
MELS = 40
COEFFICIENTS = 10
LOWEST_HZ, HIGHEST_HZ = 20.0, 4000.0
_FLOOR = 1e-6
"""Added to energies before their logarithm."""


def mfcc(sound: NDArray[np.int16]) -> NDArray[np.float32]:
    """(49, 10, 1) of up to a second of sound, which is padded with silence and scaled by its largest sample.

    Silence is not scaled: the reference divides by the 0 that is largest there, and gets no number.
    """
    import numpy as np

    wave = np.zeros(RATE)
    wave[: min(len(sound), RATE)] = sound[:RATE]
    wave /= wave.max() or 1.0
    frames = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::STRIDE]
    spectrum = np.abs(np.fft.rfft(frames * hann(WINDOW), FFT))
    coefficients = np.log(spectrum @ _mel_weights() + _FLOOR) @ _cosines()
    return coefficients.astype(np.float32)[..., None]


def hann(length: int) -> NDArray[np.float64]:
    """The periodic Hann window."""
    import numpy as np

    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window


@cache
def _mel_weights() -> NDArray[np.float64]:
    """(bins of the spectrum, bands): triangles in mel, as HTK's; that of the mean value is none."""
    import numpy as np

    def mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127 * np.log1p(hertz / 700)

    bins = mel(np.linspace(0, RATE / 2, FFT // 2 + 1))[:, None]
    lowest, highest = mel(np.array([LOWEST_HZ, HIGHEST_HZ])).tolist()
    edges = np.linspace(lowest, highest, MELS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    weights: NDArray[np.float64] = np.maximum(
        0, np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre))
    )
    weights[0] = 0
    return weights


@cache
def _cosines() -> NDArray[np.float64]:
    """(bands, coefficients) of the discrete cosine transform of kind 2, scaled as HTK does."""
    import numpy as np

    angles = np.pi / MELS * (np.arange(MELS)[:, None] + 0.5) * np.arange(COEFFICIENTS)
    cosines: NDArray[np.float64] = np.cos(angles) * np.sqrt(2 / MELS)
    return cosines
