"""Data sets whose files are too large to ship: they are read from the user's data directory, and known without them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DatasetError
from harness.model.datasets.npz import read_arrays
from harness.model.datasets.originals import ORIGINALS
from harness.model.datasets.source import Arguments, Source, Split, real, shape, whole
from harness.model.goal import Goal, classify, regress
from harness.paths import data_directory

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
SHAKESPEARE_CHARACTERS = 65
"""Different characters of tiny Shakespeare."""
MOST_BYTES = 2**31

TF_DATA = "https://storage.googleapis.com/download.tensorflow.org/data"
_SAMPLES = f"a .npz with the arrays {', '.join(ARRAYS)}, samples in real units"
WHERE_FROM = {
    "mnist.npz": "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "fashion_mnist.npz": f"{_SAMPLES}",
    "cifar10.npz": f"{_SAMPLES}, made of https://www.cs.toronto.edu/~kriz/cifar.html",
    "cifar100.npz": f"{_SAMPLES}, made of https://www.cs.toronto.edu/~kriz/cifar.html",
    "boston.npz": f"{_SAMPLES}, standardized, made of keras.datasets.boston_housing",
    "toyADMOS.npz": f"{_SAMPLES}: windows of log-mel energies, made of https://zenodo.org/record/3678171",
    "vww.npz": f"{_SAMPLES}, made of https://github.com/mlcommons/tiny's visual wake words",
    "shakespeare.txt": f"{TF_DATA}/shakespeare.txt",
}
"""By file name, where its content comes from."""


def require(path: Path) -> Path:
    """The path, if there is a file.

    Raises:
        DatasetError: there is none; the text says what to place where, and how to do without.
    """
    if path.is_file():
        return path
    source, original = WHERE_FROM.get(path.name, ""), path.stem in ORIGINALS and path.suffix == ".npz"
    fetch = f", or fetch its original files (harness data fetch {path.stem})" if original else ""
    raise DatasetError(
        f"{path} is missing{f'; put there {source}' if source else ''}{fetch}, or train on noise of the same shape: "
        "write ?data=random after the model's name"
    )


def _archive(name: str) -> Callable[[Arguments], tuple[Path, ...]]:
    """The archive of this name, unless only the set's original files are there."""

    def files(_arguments: Arguments) -> tuple[Path, ...]:
        archive, original = data_directory() / f"{name}.npz", ORIGINALS.get(name)
        paths = original.paths() if original and not archive.is_file() else ()
        return paths if paths and all(path.is_file() for path in paths) else (archive,)

    return files


def _loader(name: str, goal: Callable[[Arguments], Goal], scale: float = 1.0) -> Callable[[Arguments], Split]:
    """Reads the files; samples of 8 bits are divided by `scale`, all take the goal's shape."""

    def load(arguments: Arguments) -> Split:
        import numpy as np

        path, *others = _archive(name)(arguments)
        train_x, train_y, test_x, test_y = (
            ORIGINALS[name].read() if others else read_arrays(require(path), ARRAYS, most=MOST_BYTES)
        )
        wanted = goal(arguments)

        def samples(x: NDArray[Any]) -> NDArray[Any]:
            real = x.astype(np.float32) / np.float32(scale if x.dtype == np.uint8 else 1)
            return real.reshape(len(x), *wanted.input_shape)

        def answers(y: NDArray[Any]) -> NDArray[Any]:
            return y.reshape(-1).astype(np.int64) if wanted.classifies else y.reshape(len(y), -1).astype(np.float32)

        try:
            return Split(samples(train_x), answers(train_y), samples(test_x), answers(test_y))
        except (ValueError, TypeError) as error:
            raise DatasetError(f"{path}: samples must have the shape {wanted.input_shape}: {error}") from error

    return load


def _images(size: tuple[int, ...], classes: int) -> Callable[[Arguments], Goal]:
    return lambda arguments: classify((prod(size),) if arguments["flat_features"] else size, classes)


def _windows(arguments: Arguments) -> Goal:
    """The spectrogram's windows themselves."""
    size = whole(arguments, "n_mels") * whole(arguments, "frames")
    return regress((size,), size, input_range=(-85.0, 15.0))


def _wake_words(arguments: Arguments) -> Goal:
    return _images((*shape(arguments, "image_size"), 3), 2)(arguments)


def _text(arguments: Arguments) -> tuple[Path, ...]:
    return (Path(str(arguments["path"])) if arguments["path"] else data_directory() / "shakespeare.txt",)


def _characters_goal(arguments: Arguments) -> Goal:
    """The next character of each."""
    (path,) = _text(arguments)
    count = len(set(_read(path))) if path.is_file() else SHAKESPEARE_CHARACTERS
    next_one = classify((whole(arguments, "sequence_length"),), count, (0, count - 1))
    ends = (next_one.input_shape, count, next_one.activation, next_one.loss, next_one.metric, next_one.input_range)
    return Goal(*ends, indices=True, sequential=True)


def _read(path: Path) -> str:
    try:
        return require(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: {error}") from error


def _characters(arguments: Arguments) -> Split:
    """Pieces of the text, each with the same piece a character later; in random order."""
    import numpy as np

    (path,) = _text(arguments)
    text, length = _read(path), whole(arguments, "sequence_length")
    number = {character: index for index, character in enumerate(sorted(set(text)))}
    pieces = len(text) // (length + 1)
    if pieces < 10:
        raise DatasetError(f"{path}: has {len(text):,} characters, too few for pieces of {length + 1}")
    numbers = np.fromiter((number[one] for one in text), np.int64, len(text))[: pieces * (length + 1)]
    order = np.random.default_rng(whole(arguments, "random_seed")).permutation(pieces)
    rows = numbers.reshape(pieces, length + 1)[order]
    return Split.first_for_test(rows[:, :-1].astype(np.int32), rows[:, 1:], real(arguments, "test_ratio"))


_MNIST, _CIFAR10, _CIFAR100 = _images((28, 28, 1), 10), _images((32, 32, 3), 10), _images((32, 32, 3), 100)
_FLAT: Arguments = {"flat_features": False}
_MEL: Arguments = {"n_mels": 64, "frames": 5, "n_fft": 1024, "hop_length": 512, "power": 2.0}
_PART: Arguments = {"test_ratio": 0.1, "random_seed": 42}
_BOSTON = regress((13,), input_range=(-3.0, 3.0))

ON_DISK = {
    "mnist": Source("MNIST", _FLAT, _MNIST, _loader("mnist", _MNIST, 255), _archive("mnist")),
    "fashion_mnist": Source(
        "Fashion-MNIST", _FLAT, _MNIST, _loader("fashion_mnist", _MNIST, 255), _archive("fashion_mnist")
    ),
    "cifar10": Source("CIFAR-10", _FLAT, _CIFAR10, _loader("cifar10", _CIFAR10, 255), _archive("cifar10")),
    "cifar100": Source("CIFAR-100", _FLAT, _CIFAR100, _loader("cifar100", _CIFAR100, 255), _archive("cifar100")),
    "boston": Source("Boston housing", {}, lambda _: _BOSTON, _loader("boston", lambda _: _BOSTON), _archive("boston")),
    "toyADMOS": Source("ToyADMOS", {**_MEL, **_PART}, _windows, _loader("toyADMOS", _windows), _archive("toyADMOS")),
    "vww": Source(
        "Visual Wake Words",
        {"image_size": (96, 96), "dataset_ratio": 1.0, **_FLAT, **_PART},
        _wake_words,
        _loader("vww", _wake_words, 255),
        _archive("vww"),
    ),
    "shakespeare": Source(
        "tiny Shakespeare",
        {"sequence_length": 100, "test_ratio": 0.2, "random_seed": 42, "path": None},
        _characters_goal,
        _characters,
        _text,
    ),
}
"""By the names that EdgeMark gives them, where it has them."""
