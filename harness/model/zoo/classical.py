"""Trees, forests and small perceptrons of scikit-learn, trained on the real data that it brings."""

from __future__ import annotations

from typing import Any

from harness.model.zoo.entry import ClassicalEntry

_DIGITS = {"task": "handwritten digits", "dataset": "digits_8x8", "input_shape": (64,), "input_range": (0.0, 1.0)}
_WINE = {"task": "origin of wine", "dataset": "wine", "input_shape": (13,), "input_range": (-3.0, 3.0)}
_CANCER = {"task": "breast cancer", "dataset": "breast_cancer", "input_shape": (30,), "input_range": (-3.0, 3.0)}


def _tree(seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=20, random_state=seed)


def _shallow_extra_trees(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_estimators=20, max_depth=6, random_state=seed)


def _perceptron(hidden: int, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((hidden,), max_iter=2000, random_state=seed)


ENTRIES = (
    ClassicalEntry(
        name="digits_tree",
        title="Decision tree, fully grown",
        source="Breiman et al., Classification and Regression Trees, 1984",
        trained=True,
        estimator=_tree,
        **_DIGITS,  # type: ignore[arg-type]
    ),
    ClassicalEntry(
        name="digits_forest",
        title="Random forest, 20 fully grown trees",
        source="Breiman, Random Forests, 2001",
        trained=True,
        estimator=_forest,
        **_DIGITS,  # type: ignore[arg-type]
    ),
    ClassicalEntry(
        name="digits_mlp",
        title="Perceptron 64-32-10",
        source="scikit-learn MLPClassifier",
        trained=True,
        estimator=lambda seed: _perceptron(32, seed),
        **_DIGITS,  # type: ignore[arg-type]
    ),
    ClassicalEntry(
        name="wine_mlp",
        title="Perceptron 13-16-3",
        source="scikit-learn MLPClassifier",
        trained=True,
        estimator=lambda seed: _perceptron(16, seed),
        **_WINE,  # type: ignore[arg-type]
    ),
    ClassicalEntry(
        name="cancer_extra_trees",
        title="Extremely randomized trees, 20 of depth 6",
        source="Geurts et al., Extremely randomized trees, 2006",
        trained=True,
        estimator=_shallow_extra_trees,
        **_CANCER,  # type: ignore[arg-type]
    ),
)
