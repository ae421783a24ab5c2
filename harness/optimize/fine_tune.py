"""Training that goes on from the weights a model has, the same every time. Imported where TensorFlow is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError

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
        samples, answers: (count, ...) as in `Split`.
        loss: by its Keras name.
        teacher: (count, classes) probabilities that another model gives; None where there is no teacher.
    """

    samples: NDArray[np.generic]
    answers: NDArray[np.generic]
    loss: str
    teacher: NDArray[np.float32] | None = None


def taught_by(lessons: Lessons, teacher: Any, teachers_lessons: Lessons) -> Lessons:
    """Lessons with a teacher, who sees the same samples in a form of its own.

    Raises:
        ModelError: the teacher does not know the same samples, by their labels.
    """
    import numpy as np

    if not np.array_equal(lessons.answers, teachers_lessons.answers):
        raise ModelError("the teacher was trained on other samples than the model that it is to teach")
    return replace(lessons, teacher=teacher.predict(teachers_lessons.samples, batch_size=BATCH, verbose=0))


def fine_tune(
    model: Any,
    lessons: Lessons,
    epochs: int,
    seed: int,
    after_batch: AfterBatch,
    learning_rate: float = LEARNING_RATE,
) -> None:
    """Train a model on in place; every random number is ours, so that a seed gives the same weights every time."""
    import keras
    import numpy as np
    import tensorflow

    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    generator = np.random.default_rng(seed)
    targets, loss = (lessons.answers, lessons.loss) if lessons.teacher is None else (_both(lessons), _distilled)
    steps = epochs * -(-len(targets) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), loss)
    order = np.concatenate([generator.permutation(len(targets)) for _ in range(epochs)])
    samples = lessons.samples[order]
    after = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: after_batch((batch + 1) / steps)  # noqa: ARG005 - Keras names it
    )
    after_batch(0.0)
    model.fit(samples, targets[order], batch_size=BATCH, epochs=1, shuffle=False, verbose=0, callbacks=[after])
    after_batch(1.0)


def _both(lessons: Lessons) -> NDArray[np.float32]:
    """(count, 2, classes): what the label says, and what the teacher says."""
    import numpy as np

    assert lessons.teacher is not None
    labels = np.eye(lessons.teacher.shape[-1], dtype=np.float32)[lessons.answers.astype(np.int64)]
    return np.stack([labels, lessons.teacher], axis=1)


def _distilled(targets: Any, probabilities: Any) -> Any:
    """(batch,) losses; a factor keeps the gradients of the soft targets as large as those of the labels."""
    from keras import losses

    hard = losses.categorical_crossentropy(targets[:, 0], probabilities)
    soft = losses.categorical_crossentropy(_softened(targets[:, 1]), _softened(probabilities))
    return (1 - TEACHER_SHARE) * hard + TEACHER_SHARE * TEMPERATURE**2 * soft


def _softened(probabilities: Any) -> Any:
    """The probabilities of logits divided by the temperature; their logarithms are logits too."""
    from keras import ops

    return ops.softmax(ops.log(ops.clip(probabilities, 1e-7, 1.0)) / TEMPERATURE)
