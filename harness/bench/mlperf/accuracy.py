"""Accuracy mode: a whole data set through the board, one inference a sample.

As MLCommons' runner judges it (github.com/mlcommons/tiny, `benchmark/runner/main.py`, and the rules' table of quality
targets): the scores of a file's samples are averaged; top-1 accuracy counts the files whose largest score is that of
their label; the area under the ROC curve is that of scikit-learn, where there are several classes one against the rest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.bench.mlperf.device import MlperfDevice
from harness.errors import DatasetError, FirmwareError
from harness.model.datasets.stimuli import Stimulus
from harness.model.mlperf_tiny import Benchmark, Metric
from harness.value import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MACHINE = re.compile(r".*_id_(\d+)_")
"""ToyADMOS names its files after the machine that was recorded, such as `anomaly_id_01_00000003_hist_librosa.bin`."""


@dataclass(frozen=True)
class Score(Value):
    """What the board made of one file.

    Attributes:
        scores: the mean over the file's samples: of a classifier the probability of each class, otherwise one number.
    """

    file: str
    label: int
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Accuracy(Value):
    """How right the board was.

    Attributes:
        top1: share of files whose largest score is that of their label; None where files have one score.
        auc: area under the ROC curve; None where not every class has a file.
        auc_of_machine: the same for the files of each machine, by its number, where the files name machines.
    """

    files: tuple[Score, ...]
    top1: float | None
    auc: float | None
    auc_of_machine: dict[str, float]

    @property
    def right(self) -> int:
        """How many files had their label's score largest."""
        return sum(_is_right(score) for score in self.files)

    def value_of(self, metric: Metric) -> float | None:
        """What a benchmark's quality target is compared with."""
        return self.top1 if metric is Metric.TOP1 else self.auc

    def meets(self, benchmark: Benchmark) -> bool | None:
        """Whether the closed division's quality target is reached; None where the metric has no value."""
        value = self.value_of(benchmark.metric)
        return None if value is None else value >= benchmark.target


def measure_accuracy(device: MlperfDevice, stimuli: Iterable[Stimulus], timeout: float) -> Accuracy:
    """Stream all samples through the board, and judge its answers.

    Args:
        timeout: seconds on the host's clock that one inference may take.

    Raises:
        DatasetError: a label is no class of the model.
        FirmwareError, ConsoleError: as `MlperfDevice`.
    """
    return judge([_score(device, stimulus, timeout) for stimulus in stimuli])


def judge(files: Sequence[Score]) -> Accuracy:
    """The metrics of some files' scores.

    Raises:
        DatasetError: there are none, or a label is no class of the model.
        FirmwareError: not all files have as many scores.
    """
    if not files:
        raise DatasetError("no samples: accuracy is a share of some")
    classes = len(files[0].scores)
    if any(len(file.scores) != classes for file in files):
        raise FirmwareError("the firmware gave some samples more results than others")
    for file in files:
        _check_label(file)
    machines = {machine: auc for machine, ours in _by_machine(files).items() if (auc := _auc(ours)) is not None}
    top1 = sum(_is_right(file) for file in files) / len(files) if classes > 1 else None
    return Accuracy(tuple(files), top1, _auc(files), machines)


def _score(device: MlperfDevice, stimulus: Stimulus, timeout: float) -> Score:
    rows = []
    for sample in stimulus.samples():
        device.load(sample)
        rows.append(_probabilities(device.infer(1, 0, timeout).results))
    score = Score(stimulus.name, stimulus.label, tuple(sum(column) / len(rows) for column in zip(*rows, strict=True)))
    _check_label(score)
    return score


def _check_label(file: Score) -> None:
    if len(file.scores) > 1 and file.label >= len(file.scores):
        raise DatasetError(f"{file.file}: its label is {file.label}, but the firmware has {len(file.scores)} results")


def _probabilities(results: tuple[float, ...]) -> tuple[float, ...]:
    """Scores that sum up to one, as the area under the curve of several classes needs them; a single one stays."""
    if len(results) == 1:
        return results
    if min(results) < 0:
        results = tuple(math.exp(result - max(results)) for result in results)
    total = sum(results)
    return tuple(result / total for result in results) if total else (1 / len(results),) * len(results)


def _is_right(file: Score) -> bool:
    return len(file.scores) > 1 and file.scores.index(max(file.scores)) == file.label


def _by_machine(files: Sequence[Score]) -> dict[str, list[Score]]:
    machines: dict[str, list[Score]] = {}
    for file in files:
        if match := _MACHINE.match(file.file):
            machines.setdefault(match[1], []).append(file)
    return machines


def _auc(files: Sequence[Score]) -> float | None:
    import numpy as np
    from sklearn.metrics import roc_auc_score

    labels = np.array([file.label for file in files])
    scores = np.array([file.scores for file in files])
    classes = max(scores.shape[1], 2)
    if set(labels.tolist()) != set(range(classes)):
        return None
    return float(roc_auc_score(labels, _for_scikit_learn(scores), multi_class="ovr"))


def _for_scikit_learn(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of two classes the second one's score alone."""
    return scores[:, -1] if scores.shape[1] <= 2 else scores
