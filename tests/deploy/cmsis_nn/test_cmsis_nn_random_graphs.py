"""Graphs of any shapes and scales compute what TFLite's reference kernels do, bit by bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.deploy.cmsis_nn import CmsisNnBackend
from tests.deploy.random_graphs import RandomGraph, disagreements, random_graphs
from tests.deploy.random_layers import Dense

pytestmark = pytest.mark.usefixtures("kernels")


def _batches(size: int, dtype: str) -> st.SearchStrategy[list[RandomGraph]]:
    return st.lists(random_graphs(dtype), min_size=size, max_size=size, unique=True)


def _settings(examples: int) -> settings:
    """The same graphs in every run; whole batches can't be made smaller, what fails is told graph by graph."""
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def _check(graphs: Sequence[RandomGraph], dtype: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        assert disagreements(CmsisNnBackend(), graphs, Path(directory), dtype=dtype, bound=_BOUNDS[dtype]) == []


def _of_a_dense_layer(graph: RandomGraph) -> int:
    """CMSIS-NN takes 16 bits of the multiplier, TFLite's FULLY_CONNECTED all 32; it ends a chain."""
    return 1 if isinstance(graph.layers[-1], Dense) else 0


_BOUNDS: dict[str, Callable[[RandomGraph], int]] = {"int8": lambda _graph: 0, "int16": _of_a_dense_layer}


@given(_batches(20, "int8"))
@_settings(3)
def test_random_int8_graphs_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs, "int8")


@given(_batches(20, "int16"))
@_settings(2)
def test_random_int16_graphs_are_exact_or_within_their_bound(graphs: list[RandomGraph]) -> None:
    _check(graphs, "int16")


@pytest.mark.slow
@given(_batches(40, "int8"))
@_settings(51)
def test_many_random_int8_graphs_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs, "int8")


@pytest.mark.slow
@given(_batches(40, "int16"))
@_settings(13)
def test_many_random_int16_graphs_are_exact_or_within_their_bound(graphs: list[RandomGraph]) -> None:
    _check(graphs, "int16")
