"""Training that goes on from the weights a model has, the same every time. Imported where TensorFlow is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 32
LEARNING_RATE = 1e-3

# Hinton et al., Distilling the knowledge in a neural network, 2015: soft targets at a temperature, beside the labels.
TEMPERATURE = 4.0
TEACHER_SHARE = 0.5

AfterBatch = Callable[[float], None]
"""Called after each step with the share of the training that is done, 0 to 1, to put weights in order."""


@dataclass(frozen=True)
class Lessons:
    """What a model is trained with.

    Attributes:
        samples: (count, ...) float32.
        labels: (count,) class numbers.
        teacher: (count, classes) probabilities that another model gives; None where there is no teacher.
    """

    samples: NDArray[np.float32]
    labels: NDArray[np.int64]
    teacher: NDArray[np.float32] | None = None


def taught_by(data: Dataset, teacher: Any, teachers_data: Dataset) -> Lessons:
    """Lessons with a teacher, who sees the same samples in a form of its own.

    Raises:
        ModelError: the two sets of data do not have the same samples, by their labels.
    """
    import numpy as np

    if not np.array_equal(data.labels, teachers_data.labels):
        raise ModelError(f"a teacher for {data.name} has to know the same samples, not those of {teachers_data.name}")
    answers = teacher.predict(teachers_data.samples.astype(np.float32), batch_size=BATCH, verbose=0)
    return Lessons(data.samples.astype(np.float32), data.labels, answers)


def fine_tune(
    model: Any,
    lessons: Lessons,
    epochs: int,
    seed: int,
    after_batch: AfterBatch = lambda _done: None,
    learning_rate: float = LEARNING_RATE,
) -> None:
    """Train a classifier on; every random number is ours, so that a seed gives the same weights every time.

    Raises:
        ModelError: the model's output is not the probability of each class.
    """
    import keras
    import numpy as np
    import tensorflow

    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    generator = np.random.default_rng(seed)
    targets = _targets(model, lessons)
    steps = epochs * -(-len(targets) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), _loss)
    order = np.concatenate([generator.permutation(len(targets)) for _ in range(epochs)])
    after = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: after_batch((batch + 1) / steps)  # noqa: ARG005 - Keras names it
    )
    after_batch(0.0)
    model.fit(
        *(lessons.samples[order], targets[order]),
        batch_size=BATCH,
        epochs=1,
        shuffle=False,
        verbose=0,
        callbacks=[after],
    )
    after_batch(1.0)


def _targets(model: Any, lessons: Lessons) -> NDArray[np.float32]:
    """(count, 2, classes): what the label says, and what the teacher says, who without one says the same."""
    import numpy as np

    classes = model.output.shape[-1]
    if len(model.output.shape) != 2 or lessons.labels.max() >= classes:
        raise ModelError(f"{model.name}: recipes train classifiers of all labels, with one output")
    labels = np.eye(classes, dtype=np.float32)[lessons.labels]
    return np.stack([labels, labels if lessons.teacher is None else lessons.teacher], axis=1)


def _loss(targets: Any, probabilities: Any) -> Any:
    from keras import losses, ops

    labels, teacher = targets[:, 0], targets[:, 1]
    hard = losses.categorical_crossentropy(labels, probabilities)
    soft = losses.categorical_crossentropy(_softened(teacher), _softened(probabilities)) * TEMPERATURE**2
    taught = ops.any(labels != teacher)
    return ops.where(taught, (1 - TEACHER_SHARE) * hard + TEACHER_SHARE * soft, hard)


def _softened(probabilities: Any) -> Any:
    """The probabilities of logits divided by the temperature; their logarithms are logits too."""
    from keras import ops

    return ops.softmax(ops.log(ops.clip(probabilities, 1e-7, 1.0)) / TEMPERATURE)
