"""For all tests of commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from harness import progress


@pytest.fixture(autouse=True, scope="module")
def no_progress() -> Iterator[None]:
    """Showing progress under pytest ends its capture for a moment, and with it that of the command's output."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "_terminal", lambda: nullcontext(None))
        yield
