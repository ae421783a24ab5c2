"""How right the board's answers to a data set are: the quantities that its task asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.bench import metrics
from harness.bench.agreement import decode
from harness.errors import DatasetError
from harness.model.dataset import Dataset, Task
from harness.model.model import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def check_labels(dataset: Dataset, taken: Tensor, given: Tensor) -> None:
    """Make sure that the answers of a model can be judged by the labels, before a board is bothered.

    Raises:
        DatasetError: they are not of the output's classes, shape or kind.
    """
    if dataset.task is Task.REGRESS:
        values = dataset.labels[:1].size
        if values != given.elements:
            raise DatasetError(f"{dataset.name}: has {values} values a sample, the model gives {given.elements}")
    elif dataset.task is Task.ANOMALY:
        _check_recordings(dataset, taken, given)
    else:
        _check_classes(dataset, given)


def _check_recordings(dataset: Dataset, taken: Tensor, given: Tensor) -> None:
    if taken.elements != given.elements:
        raise DatasetError(
            f"{dataset.name}: needs a model that reconstructs its input, and as many values; this one takes "
            f"{taken.elements} and gives {given.elements}"
        )
    if len(set(dataset.labels.tolist())) < 2:
        raise DatasetError(f"{dataset.name}: needs normal and anomalous recordings, and has one kind")


def _check_classes(dataset: Dataset, given: Tensor) -> None:
    """Classes of the whole output, or of each place in it."""
    labels = dataset.labels
    length = labels.shape[1] if dataset.task is Task.NEXT else 1
    if dataset.task is Task.NEXT and (length not in given.shape or given.elements % length):
        raise DatasetError(f"{dataset.name}: has sequences of {length}, but the model gives {given.shape}")
    classes = given.elements // length
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        hint = "; if they are values, write them with a point or as float32" if classes == 1 else ""
        raise DatasetError(f"{dataset.name}: labels go up to {labels.max()}, but the model has {classes} classes{hint}")
    names = dataset.class_names
    if names and len(names) != classes:
        raise DatasetError(
            f"{dataset.name}: has {len(names)} classes ({', '.join(names[:5])}{', ...' * (len(names) > 5)}), the model "
            f"{classes}, so that their numbers may be those of others; number them in a .csv, or name all of them"
        )


def correctness(
    dataset: Dataset, inputs: Sequence[bytes], outputs: Sequence[bytes], taken: Tensor, given: Tensor
) -> Mapping[str, float]:
    """Values by the names of `QUANTITIES`.

    Args:
        inputs, outputs: bytes of each sample, as they went to the board and came from it.
        taken, given: the model's input and first output.

    Raises:
        DatasetError: as `check_labels`.
    """
    check_labels(dataset, taken, given)
    answers, labels = real_values(decode(outputs, given), given), dataset.labels
    if dataset.task is Task.REGRESS:
        truth = labels.reshape(answers.shape)
        mae, rmse = metrics.mean_absolute_error(answers, truth), metrics.root_mean_squared_error(answers, truth)
        return {"mae": mae, "rmse": rmse}
    if dataset.task is Task.ANOMALY:
        return {"auc": _auc_of_recordings(dataset, inputs, answers, taken)}
    if dataset.task is Task.NEXT:
        rows = _probabilities(answers.reshape(labels.size, -1))
        flat = labels.reshape(-1)
        return {"perplexity": metrics.perplexity(rows, flat, _least(given)), "accuracy": metrics.top1(rows, flat)}
    found = {"accuracy": metrics.top1(answers, labels), "macro_f1": metrics.macro_f1(answers, labels)}
    if answers.shape[1] == 2 and len(set(labels.tolist())) == 2:
        found["auc"] = metrics.area_under_curve(answers[:, 1] - answers[:, 0], labels == 1)
    return found


def real_values(stored: NDArray[np.float64], tensor: Tensor) -> NDArray[np.float64]:
    """What the stored values of a tensor mean."""
    if tensor.scale is None or tensor.zero_point is None:
        return stored
    real: NDArray[np.float64] = (stored - tensor.zero_point) * tensor.scale
    return real


def _auc_of_recordings(dataset: Dataset, inputs: Sequence[bytes], answers: NDArray[np.float64], taken: Tensor) -> float:
    """The error is that from the real input, as MLPerf Tiny's firmware computes it, not from the quantized one."""
    import numpy as np

    if dataset.samples.dtype.kind == "f":
        asked = dataset.samples.reshape(answers.shape).astype(np.float64)
    else:
        asked = real_values(decode(inputs, taken), taken)
    recordings = np.arange(len(answers)) if dataset.recordings is None else dataset.recordings
    _, first, number = np.unique(recordings, return_index=True, return_inverse=True)
    errors = metrics.reconstruction_errors(asked, answers, number)
    return metrics.area_under_curve(errors, dataset.labels[first] == 1)


def _probabilities(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows with negative values are logits, of which softmax makes probabilities."""
    import numpy as np

    if rows.min() >= 0:
        return rows
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def _least(given: Tensor) -> float:
    return 1e-7 if given.scale is None else given.scale / 2
