"""Graphs of any shapes and scales compute what TFLite's reference kernels do, bit by bit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.deploy.cmsis_nn import CmsisNnBackend
from harness.deploy.options import O2
from harness.deploy.target import Target
from tests.deploy.on_core import CORTEX_M0PLUS, CORTEX_M4
from tests.deploy.random_graphs import RandomGraph, disagreements, random_graphs
from tests.deploy.random_layers import Dense

pytestmark = pytest.mark.usefixtures("kernels")


_UNKNOWN = frozenset({"difference", "resize", "restack", "slice", "swap"})


def _batches(size: int, dtype: str) -> st.SearchStrategy[list[RandomGraph]]:
    return st.lists(random_graphs(_UNKNOWN, dtype), min_size=size, max_size=size, unique=True)


def _settings(examples: int) -> settings:
    """The same graphs in every run; whole batches can't be made smaller, what fails is told graph by graph."""
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def _check(
    graphs: Sequence[RandomGraph], dtype: str = "int8", weight_dtype: str = "int8", target: Target = CORTEX_M4
) -> None:
    with tempfile.TemporaryDirectory() as path:
        bound = _of_a_dense_layer if dtype == "int16" else _exact
        found = disagreements(CmsisNnBackend(), graphs, Path(path), target, O2, dtype, weight_dtype, bound)
        assert found == []


def _exact(_graph: RandomGraph) -> int:
    return 0


def _of_a_dense_layer(graph: RandomGraph) -> int:
    """CMSIS-NN takes 16 bits of the multiplier, TFLite's FULLY_CONNECTED all 32; it ends a chain."""
    return 1 if isinstance(graph.layers[-1], Dense) else 0


@given(_batches(20, "int8"))
@_settings(3)
def test_random_int8_graphs_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs)


@given(_batches(20, "int8"))
@_settings(1)
def test_random_graphs_of_int4_weights_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs, weight_dtype="int4")


@given(_batches(20, "int16"))
@_settings(1)
def test_random_int16_graphs_are_exact_or_within_their_bound(graphs: list[RandomGraph]) -> None:
    _check(graphs, "int16")


@given(_batches(20, "int8"))
@_settings(1)
def test_random_graphs_are_exact_without_the_dsp_extension(graphs: list[RandomGraph]) -> None:
    _check(graphs, target=CORTEX_M0PLUS)


@pytest.mark.slow
@given(_batches(40, "int8"))
@_settings(51)
def test_many_random_int8_graphs_are_exact(graphs: list[RandomGraph]) -> None:
    _check(graphs)


@pytest.mark.slow
@pytest.mark.parametrize("target", [CORTEX_M4, CORTEX_M0PLUS], ids=lambda target: target.name)
@pytest.mark.parametrize("weight_dtype", ["int8", "int4"])
@given(_batches(40, "int8"))
@_settings(5)
def test_random_graphs_are_exact_on_cores_with_and_without_the_dsp_extension(
    target: Target, weight_dtype: str, graphs: list[RandomGraph]
) -> None:
    _check(graphs, weight_dtype=weight_dtype, target=target)


@pytest.mark.slow
@pytest.mark.parametrize("target", [CORTEX_M4, CORTEX_M0PLUS], ids=lambda target: target.name)
@given(_batches(40, "int16"))
@_settings(5)
def test_many_random_int16_graphs_are_exact_or_within_their_bound(target: Target, graphs: list[RandomGraph]) -> None:
    _check(graphs, "int16", target=target)
