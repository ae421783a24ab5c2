"""How a network is trained: the hyperparameters."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi

from harness.value import Value

HELD_OUT = 0.1
"""Share of the training samples that choose the best weights, as in the training of Heim's thesis (Table A.1)."""


@dataclass(frozen=True)
class Training(Value):
    """Adam and its settings. The defaults are EdgeMark's, but for the validation, which there is the test split.

    Attributes:
        schedule: `constant`, or `cosine`: down to 0 over all epochs.
        steps: from which epoch on the rate is multiplied by which factor, instead of by those before.
        validation_share: of the training samples, held out; the weights of the epoch with the least loss on them are
            kept. 0: the weights of the last epoch.
        patience: epochs without a better validation loss after which training ends; 0: it never does.
        augmentation: images are shifted by up to a tenth of their size and mirrored, anew in every epoch.
    """

    epochs: int = 50
    batch_size: int = 32
    learning_rate: float = 1e-3
    schedule: str = "constant"
    steps: tuple[tuple[int, float], ...] = ()
    validation_share: float = HELD_OUT
    patience: int = 0
    augmentation: bool = False

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""
        factor = next((factor for first, factor in reversed(self.steps) if epoch >= first), 1.0)
        if self.schedule == "cosine":
            factor *= (1 + cos(pi * epoch / self.epochs)) / 2
        return self.learning_rate * factor
