"""Data sets: one file a format, the one that is at hand without a file, and inputs for models without any."""

from __future__ import annotations

from harness.model.datasets.digits import load_named
from harness.model.datasets.registry import load_dataset
from harness.model.samples import quantize_samples, random_inputs

__all__ = ["load_dataset", "load_named", "quantize_samples", "random_inputs"]
