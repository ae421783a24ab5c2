"""The training itself. Importing it is cheap; calling it needs Keras.

Every random number comes from the seed and the number of the epoch, and a checkpoint holds all state there is: a
training that was killed and goes on gives the bytes of one that was not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.model.datasets.source import Split
from harness.model.training.history import Epoch, History

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.model.zoo.entry import ZooEntry

CHECKPOINT = "checkpoint.npz"
_SHIFT = 0.1
Arrays = list["NDArray[Any]"]


@dataclass(frozen=True)
class State:
    """How far a training has come.

    Attributes:
        best: the epoch whose weights are `weights`.
        variables: all that the next epoch goes on from: of model and optimizer.
    """

    epochs: tuple[Epoch, ...]
    best: int
    weights: Arrays
    variables: Arrays

    def save(self, directory: Path) -> None:
        """Put a checkpoint in place in one step."""
        import numpy as np

        facts = json.dumps({"best": self.best, "epochs": [json.loads(epoch.to_json()) for epoch in self.epochs]})
        named: dict[str, Any] = {f"w{index}": one for index, one in enumerate(self.weights)}
        named |= {f"v{index}": one for index, one in enumerate(self.variables)}
        named["facts"] = np.frombuffer(facts.encode(), np.uint8)
        scratch = directory / "scratch.npz"
        with scratch.open("wb") as file:
            np.savez(file, **named)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(directory / CHECKPOINT)

    @classmethod
    def load(cls, directory: Path) -> State | None:
        """The checkpoint, if there is one."""
        import numpy as np

        if not (directory / CHECKPOINT).is_file():
            return None
        with np.load(directory / CHECKPOINT, allow_pickle=False) as stored:
            facts = json.loads(stored["facts"].tobytes())
            epochs = tuple(Epoch.from_json(json.dumps(epoch)) for epoch in facts["epochs"])
            weights, variables = (
                [stored[f"{kind}{index}"] for index in range(sum(name[0] == kind for name in stored.files))]
                for kind in "wv"
            )
        return cls(epochs, facts["best"], weights, variables)


def train(
    entry: ZooEntry, seed: int, directory: Path, tell: Callable[[int, int], None] = lambda *_: None
) -> tuple[Arrays, History]:
    """Train a model and give its weights in Keras's order.

    Args:
        directory: of checkpoints; what is found there is gone on from.
        tell: called with the number of batches done, and of all.

    Raises:
        DatasetError: the data is not at hand.
    """
    training, goal = entry.training, entry.goal
    split = _hold_out(entry.split(), training.validation_share, seed)
    model = _compiled(entry, seed)
    state = State.load(directory) or State((), 0, model.get_weights(), _values(model))
    for variable, value in zip(_variables(model), state.variables, strict=True):
        variable.assign(value)
    batches = -(-len(split.train_x) // training.batch_size)
    while len(state.epochs) < training.epochs and not is_exhausted(state, training.patience):
        first = len(state.epochs) * batches
        watch = _watch(tell, first, batches * training.epochs)
        state = _after(state, _epoch(entry, model, split, len(state.epochs), seed, watch), model)
        state.save(directory)
    return state.weights, History(goal.loss, goal.metric, state.epochs, state.best)


def _hold_out(split: Split, share: float, seed: int) -> Split:
    """The training samples in two parts; the second takes the place of the test samples, which training never sees."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(split.train_x))
    count = int(len(order) * share)
    learnt, held = order[count:], order[:count]
    return Split(split.train_x[learnt], split.train_y[learnt], split.train_x[held], split.train_y[held])


def _compiled(entry: ZooEntry, seed: int) -> Any:
    import keras
    import tensorflow

    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    keras.backend.clear_session()
    model = entry.build(None)
    model.compile(keras.optimizers.Adam(), loss=entry.goal.loss, metrics=[entry.goal.metric], jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def _variables(model: Any) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


def _values(model: Any) -> Arrays:
    import numpy as np

    return [np.array(variable) for variable in _variables(model)]


def _epoch(entry: ZooEntry, model: Any, split: Split, number: int, seed: int, watch: Any) -> Epoch:
    import numpy as np

    generator = np.random.default_rng((seed, number))
    order = generator.permutation(len(split.train_x))
    samples = augmented(split.train_x[order], generator) if entry.training.augmentation else split.train_x[order]
    rate = entry.training.rate(number)
    model.optimizer.learning_rate.assign(rate)
    held_out = (split.test_x, split.test_y) if len(split.test_x) else None
    told = model.fit(
        samples,
        split.train_y[order],
        batch_size=entry.training.batch_size,
        epochs=1,
        shuffle=False,
        verbose=0,
        validation_data=held_out,
        callbacks=[watch],
    ).history
    metric = entry.goal.metric
    values = {name: float(one[-1]) for name, one in told.items()}
    return Epoch(rate, values["loss"], values[metric], values.get("val_loss"), values.get(f"val_{metric}"))


def _after(state: State, epoch: Epoch, model: Any) -> State:
    """The state behind an epoch: with its weights, unless earlier ones did better on what is held out."""
    epochs = (*state.epochs, epoch)
    state = replace(state, epochs=epochs, variables=_values(model))
    best = state.epochs[state.best].held_out_loss
    if len(epochs) > 1 and best is not None and epoch.held_out_loss is not None and not epoch.held_out_loss < best:
        return state
    return replace(state, best=len(epochs) - 1, weights=model.get_weights())


def is_exhausted(state: State, patience: int) -> bool:
    """Whether so many epochs in a row brought nothing; never with a patience of 0."""
    return patience > 0 and len(state.epochs) - 1 - state.best >= patience


def _watch(tell: Callable[[int, int], None], first: int, total: int) -> Any:
    """A callback that tells how many of all batches are done."""
    import keras

    def told(batch: int, logs: object) -> None:  # noqa: ARG001 - Keras calls it by names
        tell(first + batch + 1, total)

    return keras.callbacks.LambdaCallback(on_train_batch_end=told)


def augmented(images: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
    """Images (height, width, channels), shifted by up to a tenth of their size, edges repeated; half are mirrored."""
    import numpy as np

    count, height, width = images.shape[:3]
    places = []
    for size in (height, width):
        most = int(size * _SHIFT)
        shifts = generator.integers(-most, most + 1, (count, 1))
        places.append(np.clip(np.arange(size) + shifts, 0, size - 1))
    rows, columns = places
    columns = np.where(generator.integers(0, 2, (count, 1)), columns, columns[:, ::-1])
    augmented: NDArray[Any] = images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return augmented
