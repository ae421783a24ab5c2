"""Real data sets that ship inside scikit-learn: digits, wine, breast cancer, diabetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.datasets.digits import load_named
from harness.model.datasets.source import Arguments, Source, Split, real, whole
from harness.model.goal import Goal, classify, regress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STANDARDIZED = (-3.0, 3.0)
_ARGUMENTS: Arguments = {"test_ratio": 0.2, "random_seed": 42}


def _digits_goal(arguments: Arguments) -> Goal:
    return classify((784,) if arguments["flat_features"] else (28, 28, 1), 10)


def _digits(arguments: Arguments) -> Split:
    train, test = load_named("digits", "train"), load_named("digits", "test")
    shape = (-1, *_digits_goal(arguments).input_shape)
    return Split(train.samples.reshape(shape), train.labels, test.samples.reshape(shape), test.labels)


def _digits_rgb(_arguments: Arguments) -> Split:
    """The same samples for networks that take small photographs, as of CIFAR-10: 32x32 of three equal colours."""
    train, test = load_named("digits", "train"), load_named("digits", "test")
    return Split(_photographs(train.samples), train.labels, _photographs(test.samples), test.labels)


def _photographs(images: NDArray[np.generic]) -> NDArray[np.generic]:
    """(count, 28, 28, 1) of 0 to 1, where a pixel is 3x3 -> (count, 32, 32, 3) of 0 to 255, where it is 4x4."""
    import numpy as np

    pixels = images[:, 2:26:3, 2:26:3]
    larger: NDArray[np.generic] = np.kron(pixels, np.full((1, 4, 4, 3), 255, np.float32)).astype(np.float32)
    return larger


def _small_digits(_arguments: Arguments) -> Split:
    """As they are: the middle of each pixel, of which `load_named` makes nine."""
    train, test = load_named("digits", "train"), load_named("digits", "test")
    x, held_x = (data.samples[:, 3:-1:3, 3:-1:3, 0].reshape(-1, 64) for data in (train, test))
    return Split(x, train.labels, held_x, test.labels)


def _table(name: str, arguments: Arguments) -> Split:
    """Rows in random order; every column has mean 0 and deviation 1 over the training rows."""
    import numpy as np
    from sklearn import datasets

    rows = getattr(datasets, f"load_{name}")()
    order = np.random.default_rng(whole(arguments, "random_seed")).permutation(len(rows.data))
    y = rows.target.astype(np.float32)[:, None] if name == "diabetes" else rows.target.astype(np.int64)
    split = Split.first_for_test(rows.data[order], y[order], real(arguments, "test_ratio"))
    mean, deviation = split.train_x.mean(axis=0), split.train_x.std(axis=0)
    train, test = (_scaled(part, mean, deviation) for part in (split.train_x, split.test_x))
    return Split(train, split.train_y, test, split.test_y)


def _scaled(x: NDArray[np.generic], mean: NDArray[np.generic], deviation: NDArray[np.generic]) -> NDArray[np.generic]:
    import numpy as np

    scaled: NDArray[np.generic] = ((x - mean) / np.maximum(deviation, 1e-6)).astype(np.float32)  # type: ignore[operator]
    return scaled


def _of_table(name: str, title: str, goal: Goal) -> Source:
    return Source(title, _ARGUMENTS, lambda _: goal, lambda arguments: _table(name, arguments))


BUNDLED = {
    "digits": Source("digits of scikit-learn, 28x28", {"flat_features": False}, _digits_goal, _digits),
    "digits_rgb": Source(
        "digits of scikit-learn, 32x32 RGB", {}, lambda _: classify((32, 32, 3), 10, (0.0, 255.0)), _digits_rgb
    ),
    "digits_8x8": Source("digits of scikit-learn, 8x8", {}, lambda _: classify((64,), 10), _small_digits),
    "wine": _of_table("wine", "wines of scikit-learn", classify((13,), 3, _STANDARDIZED)),
    "breast_cancer": _of_table("breast_cancer", "breast cancer of scikit-learn", classify((30,), 2, _STANDARDIZED)),
    "diabetes": _of_table("diabetes", "diabetes of scikit-learn", regress((10,), input_range=_STANDARDIZED)),
}
