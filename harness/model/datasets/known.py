"""What is known of data sets that people use, whether they are at hand or not: `lab/datasets.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import DatasetError
from harness.model.dataset import Task
from harness.paths import REPOSITORY, data_directory

_FILE = REPOSITORY / "lab" / "datasets.toml"
_ARCHIVES = (".tar.gz", ".zip")


@dataclass(frozen=True)
class RemoteFile:
    """One file to fetch.

    Attributes:
        nbytes: of it; 0 where that is not known.
        checksum: `md5:...` or `sha256:...`, where one is published.
    """

    name: str
    url: str
    nbytes: int = 0
    checksum: str = ""

    @property
    def is_archive(self) -> bool:
        return self.name.endswith(_ARCHIVES)

    @property
    def known_by(self) -> str:
        """What its content is checked by, for people."""
        return self.checksum or (f"{self.nbytes:,} bytes alone" if self.nbytes else "nothing: no hash or size is known")


@dataclass(frozen=True)
class KnownSet:
    """One data set.

    Attributes:
        split: how many samples to learn from and to judge by.
        shape, dtype: of one sample as it is stored.
        folder: within the data directory; empty where it has none of its own.
        files: that make it up; none where a package of Python brings it.
    """

    name: str
    title: str
    task: Task
    licence: str
    split: str
    shape: tuple[int, ...]
    dtype: str
    home: str
    folder: str
    files: tuple[RemoteFile, ...]

    @property
    def place(self) -> Path:
        """The folder where it is, or has to be put."""
        return data_directory() / self.folder

    def place_of(self, file: RemoteFile) -> Path:
        """Where a file is put: an archive beside the folder that it unpacks to."""
        return (self.place.parent if file.is_archive else self.place) / file.name

    def has(self, file: RemoteFile) -> bool:
        """Whether it is there: an archive unpacked, what is packed alone (`.gz`) perhaps too."""
        if file.is_archive:
            return self.place.is_dir()
        place = self.place_of(file)
        return place.is_file() or (place.suffix == ".gz" and place.with_suffix("").is_file())

    @property
    def at_hand(self) -> bool:
        return all(self.has(file) for file in self.files)


@cache
def known_sets() -> dict[str, KnownSet]:
    """All of them, by name."""
    with _FILE.open("rb") as file:
        return {name: _known(name, facts) for name, facts in tomllib.load(file).items()}


def find_known(name: str) -> KnownSet:
    """The data set of this name.

    Raises:
        DatasetError: none is known; the text lists those that are.
    """
    if name not in known_sets():
        raise DatasetError(f"no data set {name!r} is known, and no such file; there are {', '.join(known_sets())}")
    return known_sets()[name]


def _known(name: str, facts: dict[str, Any]) -> KnownSet:
    files = tuple(
        RemoteFile(file["name"], facts["base"] + file["name"], file.get("bytes", 0), file.get("checksum", ""))
        for file in facts.get("files", ())
    )
    return KnownSet(
        name=name,
        title=facts["title"],
        task=Task(facts["task"]),
        licence=facts["licence"],
        split=facts["split"],
        shape=tuple(facts["shape"]),
        dtype=facts["dtype"],
        home=facts["home"],
        folder=facts.get("folder", ""),
        files=files,
    )
