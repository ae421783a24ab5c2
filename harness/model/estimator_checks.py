"""Whether a classifier from outside is whole: scikit-learn and generated code would follow broken indices anywhere."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from harness.errors import ModelError

TREES = ("DecisionTreeClassifier", "ExtraTreeClassifier")
FORESTS = ("RandomForestClassifier", "ExtraTreesClassifier")
PERCEPTRON = "MLPClassifier"
ACTIVATIONS = ("identity", "logistic", "relu", "tanh")


def trees_of(estimator: Any) -> list[Any]:
    """The arrays of a tree or forest, one `Tree` each; none for a perceptron."""
    kind = type(estimator).__name__
    if kind in TREES:
        return [estimator.tree_]
    return [one.tree_ for one in estimator.estimators_] if kind in FORESTS else []


def check_estimator(estimator: Any) -> None:
    """See that all indices and shapes of a classifier fit together.

    Raises:
        ModelError: they do not, or it is none of those that are known.
    """
    import numpy as np

    kind = type(estimator).__name__
    if kind not in (*TREES, *FORESTS, PERCEPTRON) or not type(estimator).__module__.startswith("sklearn."):
        raise ModelError(f"holds a {kind}; known are {', '.join((*TREES, *FORESTS, PERCEPTRON))}")
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, np.ndarray) or classes.ndim != 1 or len(classes) < 2:
        raise ModelError("is not trained, or for more than one output; fit it on the classes of one")
    features = estimator.n_features_in_
    if not 0 < features <= 2**20:
        raise ModelError(f"takes {features} features")
    if kind == PERCEPTRON:
        _check_perceptron(estimator, features, len(classes))
    for one in getattr(estimator, "estimators_", [estimator] if kind in TREES else []):
        if type(one).__name__ not in TREES or one.n_features_in_ != features:
            raise ModelError(f"a forest of {type(one).__name__}, or one with other features")
    trees = trees_of(estimator)
    if kind != PERCEPTRON and not trees:
        raise ModelError("has no tree")
    for tree in trees:
        _check_tree(tree, features, len(classes))


def _check_tree(tree: Any, features: int, classes: int) -> None:
    import numpy as np

    count, left, right = tree.node_count, tree.children_left, tree.children_right
    inner = left != -1
    numbers = np.arange(len(left))
    if (
        count < 1
        or any(len(array) != count for array in (left, right, tree.feature, tree.threshold, tree.value))
        or (inner != (right != -1)).any()
        or any((child[inner] <= numbers[inner]).any() or (child[inner] >= count).any() for child in (left, right))
    ):
        raise ModelError("a tree's nodes do not follow one another")
    if ((tree.feature[inner] < 0) | (tree.feature[inner] >= features)).any():
        raise ModelError("a tree asks for a feature that there is not")
    if tree.value.shape != (count, 1, classes) or not np.isfinite(tree.threshold[inner]).all():
        raise ModelError("a tree's leaves or thresholds are broken")
    if not ((tree.value >= 0) & (tree.value <= 1 + 1e-9)).all():
        raise ModelError("a tree's leaves hold no shares; train it with scikit-learn 1.3 or later")


def _check_perceptron(estimator: Any, features: int, classes: int) -> None:
    import numpy as np

    weights, biases = list(estimator.coefs_), list(estimator.intercepts_)
    outputs = 1 if classes == 2 else classes
    sizes = [features, *(array.shape[-1] for array in weights)]
    if estimator.activation not in ACTIVATIONS or estimator.out_activation_ not in ("logistic", "softmax"):
        raise ModelError(f"activations {estimator.activation} and {estimator.out_activation_} are not known")
    if (
        [array.shape for array in weights] != list(pairwise(sizes))
        or [array.shape for array in biases] != [(size,) for size in sizes[1:]]
        or sizes[-1] != outputs
        or not all(np.isfinite(array).all() for array in (*weights, *biases))
    ):
        raise ModelError("a perceptron's weights do not fit together")


def multiply_accumulates(estimator: Any) -> int:
    """Of one inference; a tree does none."""
    return sum(int(array.size) for array in getattr(estimator, "coefs_", ()))


def parameter_count(estimator: Any) -> int:
    """Weights and biases, or nodes: a threshold or a class each."""
    arrays = (*getattr(estimator, "coefs_", ()), *getattr(estimator, "intercepts_", ()))
    return sum(int(array.size) for array in arrays) + sum(int(tree.node_count) for tree in trees_of(estimator))
