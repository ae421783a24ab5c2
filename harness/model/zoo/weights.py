"""The weights of models that are built here: trained where there is data, else seeded; cached by content."""

from __future__ import annotations

import inspect
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cache import cached, sha256, sha256_of_files
from harness.model.datasets.sources import content_hash
from harness.model.training.history import History
from harness.model.training.run import train_in_process
from harness.model.zoo.entry import ZooEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STATISTICS_SAMPLES = 64
_LOGIT_DEVIATION = 2.0
# Not zero: the converter drops biases that are all zero.
_BIAS_DEVIATION = 0.1


def keras_model(entry: ZooEntry, weights: Path) -> Any:
    """The Keras model for a batch of one. Imports TensorFlow, as does `weights_file` when it has to make one.

    Args:
        weights: a file that `weights_file` gave for the same entry.
    """
    import numpy as np

    model = _fresh(entry, batch_size=1)
    with np.load(weights, allow_pickle=False) as stored:
        model.set_weights([stored[name] for name in stored.files])
    return model


def recipe(entry: ZooEntry, seed: int) -> dict[str, str | int]:
    """Everything that the weights depend on: the key to cache by what is made from them."""
    here = Path(__file__).parent
    build = getattr(entry.build, "func", entry.build)
    code = [Path(inspect.getfile(build)), here / "blocks.py", here / "weights.py", here.parent / "synthetic.py"]
    if entry.recipe:
        code += [here / "references.py"]
    packages = ("keras", "numpy", "scikit-learn")
    key: dict[str, str | int] = {
        "model": entry.name,
        "architecture": entry.recipe + entry.goal.to_json(),
        "seed": entry.seed + seed,
        "code": sha256_of_files(*code, *((here.parent / "training",) if entry.trained else ())),
        "tensorflow": _tensorflow_version(),
        **{package: version(package) for package in packages},
    }
    if entry.trained and entry.data is not None:
        key |= {"training": entry.training.to_json(), "data": entry.data.to_json() + content_hash(entry.data)}
    return key


def recipe_digest(entry: ZooEntry, seed: int) -> str:
    """A hash of the recipe."""
    return sha256(json.dumps(recipe(entry, seed), sort_keys=True).encode())


def _tensorflow_version() -> str:
    """TensorFlow comes under two names: with and without CUDA."""
    try:
        return version("tensorflow-cpu")
    except PackageNotFoundError:
        return version("tensorflow")


def weights_file(entry: ZooEntry, seed: int) -> Path:
    """The `.npz` with a model's weights in Keras's order, made when it is not there yet.

    Raises:
        DatasetError: what it is to be trained on is not at hand.
        ModelError: the training failed.
    """

    def make(directory: Path) -> None:
        import numpy as np

        if entry.trained:
            entry.require_data()
            train_in_process(entry.reference or entry.name, entry.name, seed, recipe_digest(entry, seed), directory)
        else:
            np.savez(directory / "weights.npz", *_seed_weights(entry, entry.seed + seed))

    return cached("weights", recipe(entry, seed), make) / "weights.npz"


def training_history(entry: ZooEntry, seed: int) -> History | None:
    """What the training of a model came through; None where it was not trained."""
    if not entry.trained:
        return None
    return History.from_json(weights_file(entry, seed).with_name("history.json").read_bytes())


def _fresh(entry: ZooEntry, batch_size: int | None) -> Any:
    """A new model, with the names it would have if it were the first of the process."""
    import keras

    keras.backend.clear_session()
    return entry.build(batch_size)


def _seed_weights(entry: ZooEntry, seed: int) -> list[NDArray[np.float32]]:
    """Random weights, with batch normalization as training would leave it.

    Its statistics are those of the activations themselves on made-up inputs, its scales and shifts random: so all
    layers are alive, and the ranges that int8 quantization finds are like those of a trained model.
    """
    import keras
    import numpy as np

    generator = np.random.default_rng(seed)
    model = _fresh(entry, batch_size=None)
    for layer in model.layers:
        recurrent = isinstance(layer, keras.layers.RNN)
        layer.set_weights([_initial(one, generator, _BIAS_DEVIATION, recurrent) for one in layer.get_weights()])
        if isinstance(layer, keras.layers.BatchNormalization):
            channels = layer.gamma.shape
            layer.gamma.assign(generator.uniform(0.7, 1.3, channels))
            layer.beta.assign(generator.normal(0.1, 0.2, channels))
            layer.momentum = 0.0
    inputs = entry.made_up_inputs(_STATISTICS_SAMPLES, seed)
    model(inputs, training=True)
    _spread_classes(model, inputs)
    weights: list[NDArray[np.float32]] = model.get_weights()
    return weights


def _spread_classes(model: Any, inputs: NDArray[np.generic]) -> None:
    """Give the logits of a classifier mean 0 and deviation `_LOGIT_DEVIATION`, or it would name one class always."""
    import keras
    import numpy as np

    head = model.layers[-1]
    if head.activation is not keras.activations.softmax:
        return
    features = np.asarray(keras.Model(model.input, head.input)(inputs))
    features = features.reshape(-1, features.shape[-1])
    kernel = np.array(head.kernel)
    kernel *= _LOGIT_DEVIATION / (features @ kernel).std(axis=0)
    head.set_weights([kernel, -(features @ kernel).mean(axis=0)])


def _initial(
    weights: NDArray[np.float32], generator: np.random.Generator, bias_deviation: float, recurrent: bool
) -> NDArray[np.float32]:
    """He's uniform start for kernels, (..., in, out); normal values for biases.

    A recurrent layer's kernels are smaller, or its state would be chaotic: every rounding would grow with time.
    """
    import numpy as np

    if weights.ndim < 2 or (recurrent and len(weights) == 2):
        return generator.normal(0, bias_deviation, weights.shape).astype(np.float32)
    limit = ((1.5 if recurrent else 6) / np.prod(weights.shape[:-1])) ** 0.5
    return generator.uniform(-limit, limit, weights.shape).astype(np.float32)
