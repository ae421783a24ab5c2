"""A variant: one way to make a model smaller or faster."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.model import Model
from harness.optimize.quantization import Quantization
from harness.optimize.recipe import AS_TRAINED, Calibration, Recipe
from harness.value import Value

__all__ = ["Quantization", "Variant"]


@dataclass(frozen=True)
class Variant(Value):
    """A model in the form that is deployed.

    Attributes:
        model: the converted file, read back.
        source: the zoo's name or the file it was made from.
        representative_samples: how many samples calibrated the quantization; 0 where none did.
        seed: of training and calibration.
        per_channel: whether some weights have a scale for each output channel.
        recipe: what else was done to the model.
    """

    model: Model
    quantization: Quantization
    source: str
    representative_samples: int = 0
    seed: int = 0
    per_channel: bool = False
    recipe: Recipe = AS_TRAINED

    @property
    def steps(self) -> tuple[str, ...]:
        """How it was made, for people."""
        found = [*self.recipe.steps(), f"stored as {self.quantization}"]
        if self.per_channel:
            found.append("a scale for each channel's weights")
        if self.representative_samples:
            rule = (
                "the greatest and least" if self.recipe.calibration is Calibration.MIN_MAX else self.recipe.calibration
            )
            found.append(f"activations' ranges by {rule} of {self.representative_samples} samples")
        return (*found, f"seed {self.seed}")
