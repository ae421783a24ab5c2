"""The part of a recipe that changes the Keras model: cutting, pruning, clustering, training on. Cached by content.

It runs in the process with TensorFlow, which it imports only where there is something to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.zoo.entry import ZooEntry
from harness.model.zoo.find import find_entry
from harness.model.zoo.weights import keras_model, weights_file
from harness.model.zoo.weights import recipe as weights_recipe
from harness.optimize.recipe import SELF, Recipe

if TYPE_CHECKING:
    from harness.optimize.fake_quant import Ranges
    from harness.optimize.fine_tune import Lessons


_CODE = ("channels", "fake_quant", "fine_tune", "keras_graph", "prepare", "sparse")


def teachers(recipe: Recipe) -> list[ZooEntry]:
    """The other models that a recipe needs.

    Raises:
        ModelError: there is none of this name, or it is no network.
    """
    if recipe.distill in ("", SELF):
        return []
    entry = find_entry(recipe.distill)
    if not isinstance(entry, ZooEntry):
        raise ModelError(f"{recipe.distill} is a model of scikit-learn; only networks teach")
    return [entry]


def recipe_key(entry: ZooEntry, recipe: Recipe, seed: int) -> dict[str, object]:
    """All that a recipe's outcome depends on."""
    return {
        "weights": weights_recipe(entry, seed),
        "teachers": [weights_recipe(one, seed) for one in teachers(recipe)],
        "recipe": recipe.to_json(),
        "code": sha256_of_files(*(Path(__file__).with_name(f"{name}.py") for name in _CODE)),
    }


def prepared(entry: ZooEntry, recipe: Recipe, seed: int) -> Any:
    """The Keras model for a batch of one that a recipe makes of a model of the zoo.

    Raises:
        ModelError: the recipe can't be followed with this model, or needs data that it has not.
    """
    if not recipe.trains:
        return keras_model(entry, weights_file(entry, seed))
    directory = cached("prepared", recipe_key(entry, recipe.training, seed), lambda d: _prepare(entry, recipe, seed, d))
    import keras

    from harness.optimize.fake_quant import with_ranges
    from harness.optimize.keras_graph import with_batch

    own = {type(layer).__name__: type(layer) for layer in entry.build(1).layers}
    # The names of tensors count from here, whatever was built before.
    keras.backend.clear_session()
    model = keras.saving.load_model(directory / "model.keras", custom_objects=own, compile=False)
    if recipe.qat:
        return with_ranges(model, json.loads((directory / "ranges.json").read_text()))
    return with_batch(model, 1)


def _prepare(entry: ZooEntry, recipe: Recipe, seed: int, directory: Path) -> None:
    """Leave `model.keras` in the directory, and `ranges.json` for a model that was trained for int8."""
    from harness.optimize.keras_graph import with_batch

    model = with_batch(keras_model(entry, weights_file(entry, seed)), None)
    lessons = _lessons(entry, recipe, seed, model)
    model, ranges = _follow(model, recipe, lessons, entry.seed + seed)
    model.save(directory / "model.keras")
    if ranges is not None:
        (directory / "ranges.json").write_text(json.dumps(ranges))


def _lessons(entry: ZooEntry, recipe: Recipe, seed: int, model: Any) -> Lessons | None:
    """What the model is trained on with; None where it has no data."""
    from harness.optimize.fine_tune import Lessons, taught_by
    from harness.optimize.keras_graph import with_batch

    if not entry.trained:
        if recipe.distill or recipe.qat:
            raise ModelError(f"{entry.name} was not trained here, as its data is not at hand; {recipe} needs it")
        return None
    split = entry.split()
    lessons = Lessons(split.train_x, split.train_y, entry.goal.loss)
    if not recipe.distill:
        return lessons
    if not entry.goal.classifies:
        raise ModelError(f"{entry.name} tells no classes; only what does can be distilled")
    if recipe.distill == SELF:
        return taught_by(lessons, model, lessons)
    (other,) = teachers(recipe)
    teacher = with_batch(keras_model(other, weights_file(other, seed)), None)
    split = other.split()
    return taught_by(lessons, teacher, Lessons(split.train_x, split.train_y, other.goal.loss))


def _follow(model: Any, recipe: Recipe, lessons: Lessons | None, seed: int) -> tuple[Any, Ranges | None]:
    """The model after all steps, each followed by training where there are lessons."""
    from harness.optimize import channels, fake_quant, sparse
    from harness.optimize.fine_tune import fine_tune

    def train(after_batch: Callable[[float], None]) -> None:
        if lessons is None:
            after_batch(1.0)
        else:
            fine_tune(model, lessons, recipe.epochs, seed, after_batch)

    kept = {"zeros": bool(recipe.prune), "values": bool(recipe.cluster)}
    if recipe.channels:
        model = channels.without_channels(model, recipe.channels)
    if recipe.channels or not (recipe.prune or recipe.cluster or recipe.qat):
        train(lambda _done: None)
    if recipe.prune:
        train(sparse.pruning(model, recipe.prune))
    if recipe.cluster:
        sparse.cluster(model, recipe.cluster, keep_zeros=bool(recipe.prune))
        train(sparse.keeping(model, **kept))
    if not recipe.qat:
        return model, None
    assert lessons is not None
    model = fake_quant.folded(model)
    return model, fake_quant.train_quantized(model, lessons, recipe.epochs, seed, sparse.keeping(model, **kept))
