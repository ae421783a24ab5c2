"""Graphs of any shapes and scales compute what TFLite's reference kernels do, bit by bit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from harness.deploy.options import O2, BuildOptions, Kernels
from harness.deploy.target import Target
from harness.deploy.tvm import TvmBackend
from tests.deploy.on_core import CORTEX_M4, CORTEX_M7
from tests.deploy.random_graphs import RandomGraph, disagreements, random_graphs

BUILDS = {
    "cortex_m4": (CORTEX_M4, O2),
    "cortex_m7": (CORTEX_M7, O2),
    "without_dsp": (CORTEX_M4, BuildOptions(kernels=Kernels.REFERENCE)),
}
_UNKNOWN = frozenset({"leaky"})
_PARTS = 10


def _check(target: Target, options: BuildOptions, first_seed: int, batches: int, size: int) -> None:
    """The same graphs in every run; whole batches can't be made smaller, what fails is told graph by graph."""

    @seed(first_seed)
    @settings(
        max_examples=batches,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(random_graphs(_UNKNOWN), min_size=size, max_size=size, unique=True))
    def exact(graphs: list[RandomGraph]) -> None:
        with tempfile.TemporaryDirectory() as directory:
            assert disagreements(TvmBackend(), graphs, Path(directory), target, options) == []

    exact()


@pytest.mark.parametrize("build", BUILDS)
def test_random_graphs_are_exact(build: str) -> None:
    _check(*BUILDS[build], first_seed=list(BUILDS).index(build), batches=2, size=10)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_many_random_graphs_are_exact(part: int) -> None:
    """Two thousand and some in all, which workers may share; the first batch of each part is the same."""
    _check(*list(BUILDS.values())[part % len(BUILDS)], first_seed=10 + part, batches=6, size=40)
