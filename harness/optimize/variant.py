"""A variant: one way to quantize a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.model.model import Model
from harness.value import Value


class Quantization(StrEnum):
    """How weights and activations are stored."""

    FLOAT32 = "float32"
    INT8 = "int8"
    """Weights, activations, input and output are int8."""
    INT16 = "int16"
    """The features of a model of scikit-learn are int16, and with them the thresholds of trees."""


@dataclass(frozen=True)
class Variant(Value):
    """A model in the form that is deployed.

    Attributes:
        model: the converted file, read back.
        source: the zoo's name or the file it was made from.
        representative_samples: how many samples calibrated the quantization; 0 where none did.
        seed: of training and calibration.
    """

    model: Model
    quantization: Quantization
    source: str
    representative_samples: int = 0
    seed: int = 0
