"""Graphs of any shapes and scales compute what TFLite's reference kernels do, bit by bit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.deploy.cmsis_nn import CmsisNnBackend
from tests.deploy.random_graphs import RandomGraph, disagreements, random_graphs

pytestmark = pytest.mark.usefixtures("kernels")


_UNKNOWN = frozenset({"difference", "resize"})


def _batches(size: int) -> st.SearchStrategy[list[RandomGraph]]:
    return st.lists(random_graphs(_UNKNOWN), min_size=size, max_size=size, unique=True)


def _settings(examples: int) -> settings:
    """The same graphs in every run; whole batches can't be made smaller, what fails is told graph by graph."""
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def _check(graphs: Sequence[RandomGraph]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        assert disagreements(CmsisNnBackend(), graphs, Path(directory)) == []


@given(_batches(20))
@_settings(3)
def test_random_graphs_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs)


@pytest.mark.slow
@given(_batches(40))
@_settings(50)
def test_many_random_graphs_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs)
