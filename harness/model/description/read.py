"""Reads a description (`.yaml`), checking every key."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ModelError
from harness.form_error import Location, describe, dotted
from harness.model.datasets.source import DataSpec
from harness.model.datasets.sources import goal_of
from harness.model.description.description import Cnn, Description, Reference, Rnn
from harness.model.training.training import Training
from harness.yaml_text import parse_yaml

SUFFIXES = (".yaml", ".yml")
MOST_BYTES = 2**16
MOST_NODES = 1000
"""Keys and values: 64 layers of each kind, and as many steps of the learning rate, have fewer."""
MOST_ERRORS = 20
MOST_VALUES = 2**28
"""Of all samples of a made-up data set together: more would fill the host's memory."""


def read_description(path: Path) -> Description:
    """The model that a file describes, called by the file's stem.

    Raises:
        ModelError: there is no such file, or it is not what it has to be; the text has file, key and what was expected.
    """
    form = _validated(_content(path), path)
    values = form.model_dump(exclude={"dataset"})
    description = Description(
        name=path.stem,
        network=_network(values),
        data=DataSpec(form.dataset.name, form.dataset.args.model_dump()),
        training=_training(values),
        seed=values["random_seed"] or 0,
        title=values["title"],
        source=values["source"],
    )
    _check(description, path)
    return description


def _content(path: Path) -> object:
    try:
        if not path.is_file():
            raise ModelError(f"{path}: no such file; give the path of a description (.yaml)")
        if path.stat().st_size > MOST_BYTES:
            raise ModelError(f"{path}: is larger than {MOST_BYTES:,} bytes, which no description needs")
        return parse_yaml(path.read_bytes(), MOST_NODES)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ModelError(f"{path}: not YAML: {error}") from error


def _validated(content: object, path: Path) -> Any:
    from pydantic import ValidationError

    from harness.model.description.form import description_form, form_keys

    if not isinstance(content, dict):
        raise ModelError(f"{path}: expected keys and values, such as 'model_type: CNN'")
    try:
        return description_form().validate_python(content)
    except ValidationError as error:
        raise ModelError(describe(error, path, MOST_ERRORS, _key, form_keys())) from error
    except RecursionError as error:
        raise ModelError(f"{path}: is nested without end") from error


def _key(location: Location) -> str:
    """Where in the file: without the kinds of model and data set, which pydantic names on the way."""
    parts = list(location[1:])
    if "dataset" in parts[:1]:
        del parts[1:2]
    return dotted(tuple(parts))


def _network(values: dict[str, Any]) -> Cnn | Rnn | Reference:
    kind = values["model_type"]
    if kind == "CNN":
        return Cnn(
            tuple(values["convs_params"]),
            tuple(values["denses_params"]),
            *(values[key] for key in ("convs_dropout", "denses_dropout", "activation", "use_batch_norm")),
        )
    if kind == "RNN":
        return Rnn(values["rnn_type"], values["rnn_units"], values["embedding_dim"])
    units = values.get("denses_params")
    return Reference(kind.removeprefix("TinyMLPerf_"), values.get("num_filters"), tuple(units) if units else None)


def _training(values: dict[str, Any]) -> Training:
    return Training(
        epochs=values["epochs"],
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
        schedule=values["learning_rate_schedule"],
        steps=tuple(values["learning_rate_steps"]),
        validation_share=values["validation_split"],
        patience=values["early_stopping"],
        augmentation=values["augmentation"],
    )


def _check(description: Description, path: Path) -> None:
    """What no key tells alone: whether layers and data fit each other."""
    goal, network = goal_of(description.data), description.network
    rank = len(goal.input_shape)
    samples = description.data.args.get("n_samples")
    if isinstance(samples, int) and samples * prod(goal.input_shape) > MOST_VALUES:
        raise ModelError(f"{path}: dataset.args: makes more than {MOST_VALUES:,} values; take fewer samples")
    if isinstance(network, Cnn) and rank != (3 if network.convs_params else 1):
        wanted = "images (height, width, channels)" if network.convs_params else "flat ones (flat_features: true)"
        found = f"{description.data.name} has samples of shape {goal.input_shape}"
        raise ModelError(f"{path}: dataset: {found}, this network takes {wanted}")
    if isinstance(network, Cnn) and network.denses_params and network.convs_params:
        _check_convolutions(network, path)
    if isinstance(network, Rnn) and (rank, goal.indices) != ((1, True) if network.embedding_dim else (2, False)):
        raise ModelError(
            f"{path}: embedding_dim: {network.embedding_dim} does not fit {description.data.name}: an embedding takes "
            "sequences of indices, a network without one sequences of vectors"
        )
    if description.training.augmentation and rank != 3:
        raise ModelError(f"{path}: augmentation: only images can be shifted and mirrored")


def _check_convolutions(network: Cnn, path: Path) -> None:
    """The average over all places leaves nothing to convolve."""
    if (0, 0, 0) in network.convs_params[:-1]:
        raise ModelError(f"{path}: convs_params: [0, 0, 0] is the average over all places, so it has to come last")
