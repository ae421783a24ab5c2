"""emlearn's C for a classifier, with every number written so that the C compiler reads back the same one.

emlearn writes six digits behind the point, and compares with `<` where scikit-learn does with `<=`: left alone, a
feature that equals a threshold goes the other way. So it is handed thresholds and weights that write themselves whole,
each threshold moved up to the next number of the features' type.
"""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import UnsupportedModelError
from harness.model.estimator_checks import PERCEPTRON, trees_of

NAME = "classifier"
LEAF_TOLERANCE = 0.006
"""Emlearn rounds the shares of a leaf's classes to 254 steps, and cuts 255 from that."""
LEAF_REASON = "emlearn keeps the shares of a leaf's classes in 8 bits"
_PURE = 1 - 1e-9


class _Whole(float):
    """A float32 that every format writes with all its digits: nine give back each one."""

    def __format__(self, _spec: str) -> str:
        return f"{float(self):.8e}"


def emlearn_module(name: str) -> Any:
    """One of emlearn's modules. Importing it makes numpy raise where it underflows, everywhere: that is undone."""
    with np.errstate():
        return import_module(f"emlearn.{name}")


def include_directory() -> Path:
    """Where the headers are that the C text includes."""
    return Path(emlearn_module("common").get_include_dir())


def classifier_source(estimator: Any, feature_scale: float | None) -> str:
    """The C text: `classifier_predict_proba` of trees, or the net `classifier`.

    Args:
        feature_scale: of int16 features; None for float32 ones.

    Raises:
        UnsupportedModelError: a perceptron without a hidden layer.
    """
    if type(estimator).__name__ == PERCEPTRON:
        return _net(estimator)
    return _trees(estimator, feature_scale)


def leaves_are_exact(estimator: Any) -> bool:
    """Every leaf of every tree is of one class, as fully grown trees' are: then it needs no shares."""
    return all((tree.value.max(axis=(1, 2))[tree.children_left == -1] >= _PURE).all() for tree in trees_of(estimator))


def _trees(estimator: Any, feature_scale: float | None) -> str:
    dtype = "float" if feature_scale is None else "int16_t"
    leaf_bits = 0 if leaves_are_exact(estimator) else 8
    wrapper = emlearn_module("trees").Wrapper(estimator, "inline", dtype=dtype, leaf_bits=leaf_bits)
    nodes, _, _ = wrapper.forest_
    for node in nodes:
        node[1] = _float_bound(node[1]) if feature_scale is None else math.floor(node[1] / feature_scale) + 1
    text: str = wrapper.save(name=NAME)
    return text


def _float_bound(threshold: float) -> _Whole:
    """The smallest float32 above a threshold: x <= threshold just where x < that."""
    nearest = np.float32(threshold)
    return _Whole(nearest if float(nearest) > threshold else np.nextafter(nearest, np.float32(np.inf)))


def _net(estimator: Any) -> str:
    weights, biases = ([_whole(array) for array in arrays] for arrays in (estimator.coefs_, estimator.intercepts_))
    if len(weights) < 2:
        raise UnsupportedModelError("layer classifier (MLPClassifier): emlearn needs a hidden layer")
    activations = [estimator.activation] * (len(weights) - 1) + [estimator.out_activation_]
    text: str = emlearn_module("net").c_generate_net_loadable(activations, weights, biases, prefix=NAME)
    return text


def _whole(array: NDArray[np.floating[Any]]) -> NDArray[np.object_]:
    """The same numbers as float32 that write themselves whole."""
    held = np.empty(array.shape, object)
    held.ravel()[:] = [_Whole(np.float32(value)) for value in array.ravel()]
    return held
