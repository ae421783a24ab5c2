"""What a training came through, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

from harness.value import Value


@dataclass(frozen=True)
class Epoch(Value):
    """One pass over the training samples.

    Attributes:
        loss, metric: over the training samples, while they were learnt.
        held_out_loss, held_out_metric: afterwards, over the validation samples; None where none are held out.
    """

    learning_rate: float
    loss: float
    metric: float
    held_out_loss: float | None = None
    held_out_metric: float | None = None


@dataclass(frozen=True)
class History(Value):
    """A whole training.

    Attributes:
        loss, metric: their Keras names.
        best: the epoch, counted from 0, whose weights were kept.
    """

    loss: str
    metric: str
    epochs: tuple[Epoch, ...]
    best: int
