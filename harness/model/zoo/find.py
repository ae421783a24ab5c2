"""Which model a name means: one of the zoo, or a description, with options behind a question mark.

`lenet5_digits`, `my_model.yaml`, `cnn_1?data=random&epochs=1`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.errors import ModelError
from harness.model.datasets.sources import goal_of, source_of
from harness.model.description.description import Cnn, Description, Reference, Rnn
from harness.model.description.layers import build_network
from harness.model.description.read import SUFFIXES, read_description
from harness.model.goal import Goal
from harness.model.zoo.entry import ZooEntry

MOST_EPOCHS = 100_000


def is_buildable(source: str) -> bool:
    """Whether a name means a model that is built here, and not a file that is taken as it is."""
    from harness.model.zoo import ZOO

    base = model_part(source)
    return base in ZOO or Path(base).suffix in SUFFIXES


def model_part(source: str) -> str:
    """A name without its options."""
    return source.partition("?")[0]


def find_entry(source: str) -> ZooEntry:
    """The model that a name means.

    Raises:
        ModelError: there is none of this name, the description is not what it has to be, an option is none, or it is
            to be trained and has no data set.
    """
    from harness.model.zoo import ZOO

    base, _, options = source.partition("?")
    if Path(base).suffix in SUFFIXES:
        entry = replace(entry_of(read_description(Path(base))), optional=False)
    elif base in ZOO:
        entry = ZOO[base]
    else:
        raise ModelError(f"the zoo has no model {base!r}; it has {', '.join(ZOO)}; or give a description (.yaml)")
    for option in filter(None, options.split("&")):
        entry = _with_option(entry, option, source)
    if entry.data is None and not entry.optional:
        raise ModelError(f"{source}: {base} is not trained here; leave epochs out, or train on noise: data=random")
    return replace(entry, reference=source)


def _with_option(entry: ZooEntry, option: str, source: str) -> ZooEntry:
    match option.partition("="):
        case ("epochs", "=", number) if number.isdecimal() and int(number) <= MOST_EPOCHS:
            # Who asks for epochs is not given a network that had none.
            return replace(entry.with_epochs(int(number)), optional=entry.optional and not int(number))
        case ("data", "=", "random"):
            return entry.on_noise()
    raise ModelError(f"{source}: {option!r} is no option; there are epochs=NUMBER and data=random, joined by &")


def entry_of(description: Description) -> ZooEntry:
    """What the zoo would say of a described model."""
    goal, network = goal_of(description.data), description.network
    return ZooEntry(
        name=description.name,
        title=description.title or title_of(network),
        task=_task(goal),
        dataset=source_of(description.data).title,
        source=description.source or "described",
        goal=goal,
        build=partial(build_network, network, goal),
        data=description.data,
        training=description.training,
        seed=description.seed,
        recipe=repr(network),
    )


def title_of(network: Cnn | Rnn | Reference) -> str:
    """A network in a few words."""
    if isinstance(network, Reference):
        return f"MLPerf Tiny's {network.benchmark}"
    if isinstance(network, Rnn):
        return f"{network.rnn_type} {network.rnn_units}" + (
            f", embedding {network.embedding_dim}" if network.embedding_dim else ""
        )
    filters = "-".join(str(filters) for filters, _, _ in network.convs_params if filters)
    units = "-".join(map(str, network.denses_params))
    convolutions, dense = filters and f"convolutions {filters}", units and f"dense {units}"
    return ", ".join(part for part in (convolutions, dense) if part) or "one dense layer"


def _task(goal: Goal) -> str:
    if goal.sequential:
        return "next character" if goal.indices else "next element of a sequence"
    if goal.classifies:
        return "classification"
    return "reconstruction" if goal.reconstructs else "regression"
