"""The front ends of sound, restated in NumPy, give what TensorFlow's and librosa's stages give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.model.datasets.log_mel import log_mel, mel_weights, windows
from harness.model.datasets.mfcc import mfcc
from harness.tensorflow_process import environment

# The front end's stages by the functions of tf.signal, on the recordings of an archive, in a process of its own.
_WITH_TENSORFLOW = """
import sys
import numpy as np
import tensorflow as tf
sounds = np.load(sys.argv[1])
waves = tf.constant(sounds / sounds.max(axis=1, keepdims=True), tf.float32)
spectra = tf.abs(tf.signal.stft(waves, 480, 320, window_fn=tf.signal.hann_window))
weights = tf.signal.linear_to_mel_weight_matrix(40, spectra.shape[-1], 16000, 20.0, 4000.0)
energies = tf.math.log(tf.tensordot(spectra, weights, 1) + 1e-6)
np.save(sys.argv[2], tf.signal.mfccs_from_log_mel_spectrograms(energies)[..., :10].numpy())
"""


def chirp(seconds: int, start_hz: float, slope: float, seed: int) -> NDArray[np.int16]:
    """A rising tone in noise."""
    time = np.arange(16_000 * seconds) / 16_000
    noise = np.random.default_rng(seed).standard_normal(len(time))
    wave = 12_000 * np.sin(2 * np.pi * (start_hz + slope * time) * time) + 3_000 * noise
    return wave.clip(-32_768, 32_767).astype(np.int16)


@pytest.mark.slow
def test_the_mfccs_are_those_of_tensorflow(tmp_path: Path) -> None:
    loud = [chirp(1, 100.0 * number, 500.0, number) for number in range(1, 9)]
    sounds = np.stack([*loud, loud[0] // 1000, np.eye(1, 16_000, 3)[0] * 100]).astype(np.int16)
    np.save(tmp_path / "sounds.npy", sounds)
    script = [sys.executable, "-c", _WITH_TENSORFLOW, str(tmp_path / "sounds.npy"), str(tmp_path / "theirs.npy")]
    subprocess.run(script, env=environment(), check=True, timeout=300)
    theirs, ours = np.load(tmp_path / "theirs.npy"), np.stack([mfcc(sound)[..., 0] for sound in sounds])
    # TensorFlow computes in float32; a step of the reference model's int8 input is 0.58.
    assert np.abs(ours - theirs).max() < 2e-3


def test_silence_and_short_sound_have_features() -> None:
    silence = mfcc(np.zeros(16_000, np.int16))
    assert np.isfinite(silence).all()
    assert np.allclose(silence[:, 0, 0], np.log(1e-6) * np.sqrt(80))
    sound = chirp(1, 300, 500, 0)
    padded = np.concatenate([sound[:12_000], np.zeros(4000, np.int16)])
    assert np.array_equal(mfcc(sound[:12_000]), mfcc(padded))


# Of librosa 0.11.0: melspectrogram(y=chirp(10, 200, 300, 3) / 2**15, sr=16000, n_fft=1024, hop_length=512, n_mels=128),
# in dB as the benchmark computes them: frames 0, 60 and 200, bands 0, 40, 80 and 127.
_OF_LIBROSA = [
    [0.530591, -9.357219, -5.665593, -7.785652],
    [-4.264967, -8.760428, -8.609786, -7.441693],
    [-17.145426, -5.199889, -6.927786, -7.388413],
]


def test_the_energies_are_those_of_librosa() -> None:
    found = log_mel(chirp(10, 200, 300, 3), 128)
    assert found.shape == (313, 128)
    assert np.allclose(found[np.ix_([0, 60, 200], [0, 40, 80, 127])], _OF_LIBROSA, atol=1e-5)


def test_every_band_has_an_area_of_one() -> None:
    areas = mel_weights(64).sum(axis=0) * 16_000 / 1024
    assert np.allclose(areas[20:], 1, rtol=0.05)


def test_windows_are_consecutive_frames_of_the_middle() -> None:
    sound = chirp(10, 200, 300, 3)
    frames, found = log_mel(sound, 128).astype(np.float32), windows(sound, 128)
    assert found.shape == (196, 640)
    assert np.array_equal(found[7], frames[57:62].ravel())
    assert windows(sound[:16_000], 128).shape == (0, 640)
