"""Data sets: one file a format, and the one that is at hand without a file."""

from __future__ import annotations

from harness.model.datasets.digits import load_named
from harness.model.datasets.registry import load_dataset

__all__ = ["load_dataset", "load_named"]
