"""Trees, forests and small perceptrons of scikit-learn, trained on the real data that it brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.model.datasets.sources import data_spec, goal_of, source_of
from harness.model.zoo.entry import ZooEntry


@dataclass(frozen=True)
class ClassicalEntry(ZooEntry):
    """A model of scikit-learn: here `build` makes the classifier, untrained, from a seed."""


def _entry(name: str, title: str, task: str, data: str, source: str, build: Any) -> ClassicalEntry:
    spec = data_spec(data)
    return ClassicalEntry(name, title, task, source_of(spec).title, source, goal_of(spec), build, spec)


def _tree(seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=20, random_state=seed)


def _shallow_extra_trees(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_estimators=20, max_depth=6, random_state=seed)


def _wide_perceptron(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((32,), max_iter=2000, random_state=seed)


def _narrow_perceptron(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((16,), max_iter=2000, random_state=seed)


_CART = "Breiman et al., Classification and Regression Trees, 1984"
_EXTRA = "Geurts et al., Extremely randomized trees, 2006"
_MLP = "scikit-learn's MLPClassifier"

ENTRIES = (
    _entry("digits_tree", "Decision tree, fully grown", "handwritten digits", "digits_8x8", _CART, _tree),
    _entry(
        "digits_forest",
        "Random forest, 20 fully grown trees",
        "handwritten digits",
        "digits_8x8",
        "Breiman, Random Forests, 2001",
        _forest,
    ),
    _entry("digits_mlp", "Perceptron 64-32-10", "handwritten digits", "digits_8x8", _MLP, _wide_perceptron),
    _entry("wine_mlp", "Perceptron 13-16-3", "origin of wine", "wine", _MLP, _narrow_perceptron),
    _entry(
        "cancer_extra_trees",
        "Extremely randomized trees, 20 of depth 6",
        "breast cancer",
        "breast_cancer",
        _EXTRA,
        _shallow_extra_trees,
    ),
)
