"""How right a model is, by task: pure functions of its answers and of the truth.

The definitions are scikit-learn's, against which tests hold them: `accuracy_score`, `f1_score(average="macro")`,
`roc_auc_score`, `mean_absolute_error`, `root_mean_squared_error`; perplexity is `exp(log_loss)`. They are restated
because importing scikit-learn takes longer than many a case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def top1(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Share of rows of `scores`, (count, classes), whose largest is that of the label."""
    return float((scores.argmax(axis=1) == labels).mean())


def macro_f1(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean over the classes of the harmonic mean of precision and recall.

    A class counts when it is a label or an answer; one that is never answered rightly has an F1 of 0.
    """
    import numpy as np

    answers, classes = scores.argmax(axis=1), scores.shape[1]
    right = np.bincount(labels[answers == labels], minlength=classes)
    both = np.bincount(labels, minlength=classes) + np.bincount(answers, minlength=classes)
    return float((2 * right[both > 0] / both[both > 0]).mean())


def area_under_curve(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """How often a positive has a higher score than a negative, ties counting half: the area under the ROC curve.

    Args:
        scores, positive: (count,).

    Raises:
        DatasetError: there are only positives or only negatives.
    """
    import numpy as np

    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        raise DatasetError("the area under the curve needs samples of both classes; this data set has one")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    wins = mean_rank[place][positive].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * negatives))


def reconstruction_errors(
    inputs: NDArray[np.float64], outputs: NDArray[np.float64], recordings: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(recordings,): the mean over a recording's windows of the mean squared error of each.

    As MLPerf Tiny judges anomalies (github.com/mlcommons/tiny, `benchmark/training/anomaly_detection`).

    Args:
        inputs, outputs: (count, elements).
        recordings: (count,), numbered from 0 without gaps.
    """
    import numpy as np

    errors = np.square(inputs - outputs).mean(axis=1)
    mean: NDArray[np.float64] = np.bincount(recordings, errors) / np.bincount(recordings)
    return mean


def mean_absolute_error(outputs: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """In the unit of the outputs."""
    import numpy as np

    return float(np.abs(outputs - truth).mean())


def root_mean_squared_error(outputs: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """In the unit of the outputs."""
    import numpy as np

    return float(np.sqrt(np.square(outputs - truth).mean()))


def perplexity(probabilities: NDArray[np.float64], labels: NDArray[np.int64], least: float = 1e-7) -> float:
    """e to the mean of -ln of the probability that the true class was given.

    Args:
        probabilities: (count, classes); rows are scaled to the sum 1.
        labels: (count,).
        least: what a lower probability counts as. The default is Keras' own; of a quantized output take half a step,
            of which nothing more is known.
    """
    import numpy as np

    kept = np.maximum(probabilities, least)
    given = kept[np.arange(len(labels)), labels] / kept.sum(axis=1)
    return float(np.exp(-np.log(given).mean()))
