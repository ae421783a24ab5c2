"""Models by this backend on an emulated core."""

from __future__ import annotations

from pathlib import Path

from harness.deploy.target import Target
from harness.deploy.tvm import TvmBackend
from harness.model.model import Model
from tests.deploy import agreement
from tests.deploy.agreement import Deployed, Reference, largest_difference, random_inputs
from tests.deploy.on_core import CORTEX_M4

__all__ = ["Deployed", "Reference", "deploy", "largest_difference", "random_inputs"]


def deploy(model: Model, directory: Path, target: Target = CORTEX_M4) -> Deployed:
    """The model on a bare core."""
    return agreement.deploy(TvmBackend(), model, directory, target)
