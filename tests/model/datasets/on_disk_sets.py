"""Tiny data sets of every format, as people have them on disk."""

from __future__ import annotations

import gzip
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.model.dataset import InputForm
from harness.model.datasets.cifar import CIFAR10, CIFAR100, Layout
from harness.model.datasets.speech_commands import WORDS

UNIT, COLOUR = InputForm((28, 28, 1), "float32"), InputForm((32, 32, 3), "float32")
"""What models of MNIST's and of CIFAR's images take: values from 0 to 1."""
RATE = 16_000


def idx(array: NDArray[np.uint8]) -> bytes:
    """An IDX file of unsigned bytes."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


def write_idx(folder: Path, split: str, images: NDArray[np.uint8], labels: Iterable[int], packed: bool = False) -> Path:
    """MNIST's two files of a split; returns that of the images."""
    for name, array in (("images-idx3", images), ("labels-idx1", np.array(list(labels), np.uint8))):
        content = idx(array)
        path = folder / f"{split}-{name}-ubyte{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder / f"{split}-images-idx3-ubyte{'.gz' if packed else ''}"


def write_cifar(folder: Path, layout: Layout = CIFAR10, count: int = 3) -> NDArray[np.uint8]:
    """All files, with so many images each; returns those of the test file, (count, 32, 32, 3)."""
    images = np.zeros((0, 32, 32, 3), np.uint8)
    for number, path in enumerate(layout.paths(folder)):
        images = np.random.default_rng(number).integers(0, 256, (count, 32, 32, 3)).astype(np.uint8)
        before = bytes(layout.label_bytes - 1)
        records = [before + bytes([n]) + image.transpose(2, 0, 1).tobytes() for n, image in enumerate(images)]
        path.write_bytes(b"".join(records))
    return images


def write_wav(path: Path, sound: NDArray[np.generic], rate: int = RATE, channels: int = 1) -> Path:
    """16-bit samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound.astype("<i2").tobytes())
    return path


def tone(hertz: float, seconds: float = 1.0) -> NDArray[np.int16]:
    """A sine at half of the full scale."""
    time = np.arange(int(RATE * seconds)) / RATE
    return (16_000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def write_speech_commands(folder: Path) -> None:
    """The whole set: two recordings of every word and of an eleventh, one of them for the test; and noise."""
    lines = []
    for number, word in enumerate((*WORDS, "zero")):
        for name in ("a_nohash_0", "b_nohash_0"):
            write_wav(folder / word / f"{name}.wav", tone(300 + 100 * number, 0.9))
        lines.append(f"{word}/a_nohash_0.wav\n")
    write_wav(folder / "_background_noise_" / "hum.wav", tone(50, 6))
    (folder / "testing_list.txt").write_text("".join(lines))


def write_toyadmos(folder: Path, seconds: float = 2.5) -> None:
    """Two normal recordings and an anomalous one, with three, three and three windows."""
    for name, hertz in (("normal_id_01_0", 400), ("normal_id_01_1", 500), ("anomaly_id_01_0", 3000)):
        write_wav(folder / "test" / f"{name}.wav", tone(hertz, seconds)[: 512 * 56])


def write_images(folder: Path, classes: Iterable[str] = ("non_person", "person"), size: int = 20) -> None:
    """Two images a class, grey in the first, white in the last; one of them JPEG."""
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        grey = np.full((size, size, 3), 127 + 128 * number, np.uint8)
        Image.fromarray(grey).save(folder / name / "a.png")
        Image.fromarray(grey).save(folder / name / "b.jpg")


__all__ = [
    "CIFAR10",
    "CIFAR100",
    "idx",
    "tone",
    "write_cifar",
    "write_idx",
    "write_images",
    "write_speech_commands",
    "write_toyadmos",
    "write_wav",
]
