"""What all tests that compile CMSIS-NN need."""

from __future__ import annotations

import pytest

from harness.deploy.cmsis_nn.sources import find_sources
from harness.errors import BuildError


@pytest.fixture(scope="session")
def kernels() -> None:
    """CMSIS-NN's sources, from the network or the cache."""
    try:
        find_sources()
    except BuildError as error:
        pytest.skip(str(error))
