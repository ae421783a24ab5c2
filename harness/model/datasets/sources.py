"""All data sets that a description may name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from harness.cache import sha256_of_files
from harness.errors import DatasetError
from harness.model.datasets.bundled import BUNDLED
from harness.model.datasets.made_up import MADE_UP
from harness.model.datasets.on_disk import ON_DISK
from harness.model.datasets.own import OWN
from harness.model.datasets.source import Argument, DataSpec, Source, Split
from harness.model.datasets.spoken import SPOKEN
from harness.model.goal import Goal

SOURCES: Mapping[str, Source] = {**MADE_UP, **BUNDLED, **ON_DISK, **SPOKEN, **OWN}

_CODE = (
    *("bounded", "bundled", "cifar", "digits", "idx", "made_up", "mfcc", "npz", "on_disk", "originals"),
    *("own", "source", "speech_commands", "spoken", "wav"),
)


def source_of(spec: DataSpec) -> Source:
    """The source of this name.

    Raises:
        DatasetError: there is none.
    """
    if spec.name not in SOURCES:
        raise DatasetError(f"no data set {spec.name!r}; there are {', '.join(sorted(SOURCES))}")
    return SOURCES[spec.name]


def data_spec(name: str, **args: Argument) -> DataSpec:
    """A data set with the defaults of all that is not given."""
    return DataSpec(name, {**source_of(DataSpec(name)).defaults, **args})


def stand_in(goal: Goal) -> DataSpec:
    """Noise that fits a goal, instead of data that is not at hand."""
    return data_spec("stand_in", goal=goal.to_json())


def goal_of(spec: DataSpec) -> Goal:
    """What is to be learnt from a data set, whether it is at hand or not."""
    return source_of(spec).goal(spec.args)


def at_hand(spec: DataSpec) -> bool:
    """Whether the data set can be loaded."""
    return all(path.is_file() for path in source_of(spec).files(spec.args))


def load_split(spec: DataSpec) -> Split:
    """Its samples.

    Raises:
        DatasetError: they are not on disk, or not what they have to be; the text names the file to place.
    """
    return source_of(spec).load(spec.args)


def content_hash(spec: DataSpec) -> str:
    """Over the code that makes a data set and its files: what is made from it depends on this and the specification."""
    return sha256_of_files(*_code(), *(path for path in source_of(spec).files(spec.args) if path.is_file()))


@cache
def _code() -> tuple[Path, ...]:
    here = Path(__file__).parent
    return tuple(here / f"{name}.py" for name in _CODE)
