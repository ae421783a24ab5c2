"""A recipe: what is done to a trained model before and while it is converted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from harness.errors import ConfigError
from harness.optimize.quantization import Quantization
from harness.value import Value

_EPOCHS = 10
_KNOWN = (
    "distill, distill_MODEL, channelsPERCENT, prunePERCENT, clusterCOUNT, qat, percentile, mse, per_tensor, epochsCOUNT"
)
_WORDS = re.compile(
    r"distill(?:_(?P<teacher>\w+))?|channels(?P<channels>[1-9]\d*)|prune(?P<prune>[1-9]\d*)|cluster(?P<cluster>\d+)|(?P<qat>qat)"
    r"|(?P<calibration>percentile|mse)|(?P<per_tensor>per_tensor)|epochs(?P<epochs>\d+)"
)


class Calibration(StrEnum):
    """How the range of an activation follows from its values on the representative samples."""

    MIN_MAX = "min_max"
    """From the least to the greatest."""
    PERCENTILE = "percentile"
    """Without the outermost values: see `ranges.PERCENTILE`."""
    MSE = "mse"
    """The one whose rounded and clipped values are nearest to the real ones, by their mean squared difference."""


@dataclass(frozen=True)
class Recipe(Value):
    """The steps, in the order in which they are taken; the empty recipe takes the model as it was trained.

    Attributes:
        channels: per cent of the channels that are cut out, which makes the model smaller.
        prune: per cent of each kernel's weights that become zero.
        cluster: how many different values each kernel keeps; 0 for as many as it has.
        qat: train on with rounded weights and activations, as int8 will round them.
        distill: whom all training copies too: a model of the zoo, or `SELF`, the model as it was; empty for none.
        calibration: of integer activations, where `qat` has not found their ranges.
        per_tensor: one scale for all channels of a kernel, where activations are integers.
        epochs: of each step's training, on the data set of the zoo's model. Without one, nothing is trained.
    """

    distill: str = ""
    channels: int = 0
    prune: int = 0
    cluster: int = 0
    qat: bool = False
    calibration: Calibration = Calibration.MIN_MAX
    per_tensor: bool = False
    epochs: int = _EPOCHS

    def __post_init__(self) -> None:
        for name, most in (("channels", 99), ("prune", 99), ("cluster", 256), ("epochs", 1000)):
            least = {"cluster": 2, "epochs": 1}.get(name, 1)
            value = getattr(self, name)
            if not least <= value <= most and (value or name == "epochs"):
                raise ConfigError(f"{name}{value}: want {name}{least} to {name}{most}")
        if self.qat and not self.is_plain:
            raise ConfigError(f"{self}: qat finds ranges and scales while it trains; leave all that chooses them out")

    @classmethod
    def parse(cls, text: str) -> Self:
        """A recipe of words joined by '-', in any order: `channels50`, `prune80-cluster16-qat`, `distill-mse`.

        Raises:
            ConfigError: a word is none, comes twice, or holds a number out of range; the text lists those there are.
        """
        chosen: dict[str, str] = {}
        for word in text.split("-") if text else ():
            match = _WORDS.fullmatch(word)
            found = {name: value for name, value in match.groupdict().items() if value} if match else {}
            if word == "distill":
                found = {"teacher": SELF}
            if not found or found.keys() & chosen.keys():
                wrong = "comes a second time" if found else "is no step"
                raise ConfigError(f"optimize {text!r}: {word!r} {wrong}; want words joined by '-', such as {_KNOWN}")
            chosen |= found
        numbers = {name: int(chosen[name]) for name in ("channels", "prune", "cluster", "epochs") if name in chosen}
        return cls(
            distill=chosen.get("teacher", ""),
            qat="qat" in chosen,
            calibration=Calibration(chosen.get("calibration", Calibration.MIN_MAX)),
            per_tensor="per_tensor" in chosen,
            **numbers,
        )

    def __str__(self) -> str:
        """The words, which `parse` reads, in the order of the steps; empty for the empty recipe."""
        distill = "distill" if self.distill == SELF else f"distill_{self.distill}"
        words = (
            self.distill and distill,
            self.channels and f"channels{self.channels}",
            self.prune and f"prune{self.prune}",
            self.cluster and f"cluster{self.cluster}",
            self.qat and "qat",
            self.calibration is not Calibration.MIN_MAX and str(self.calibration),
            self.per_tensor and "per_tensor",
            self.epochs != _EPOCHS and f"epochs{self.epochs}",
        )
        return "-".join(word for word in words if word)

    @property
    def trains(self) -> bool:
        """Whether it changes the Keras model, before anything is converted."""
        return bool(self.distill or self.channels or self.prune or self.cluster or self.qat)

    @property
    def is_plain(self) -> bool:
        """Whether TensorFlow's converter quantizes as it says."""
        return self.calibration is Calibration.MIN_MAX and not self.per_tensor

    @property
    def training(self) -> Self:
        """The part that changes the Keras model, which all conversions share."""
        return replace(self, calibration=Calibration.MIN_MAX, per_tensor=False)

    def check(self, quantization: Quantization) -> None:
        """Refuse what makes no sense for a quantization.

        Raises:
            ConfigError: it trains for, or calibrates, what the quantization leaves as it is.
        """
        if self.qat and quantization.activations != "int8":
            raise ConfigError(f"qat trains for int8 and int8_float_io, not for {quantization}")
        if not self.is_plain and not quantization.is_calibrated:
            raise ConfigError(f"{self} is about integer activations, and {quantization} has none")

    def refuse_file(self, path: str) -> None:
        """Refuse to be followed with a file, which is taken, or converted, as it is.

        Raises:
            ConfigError: there is a step.
        """
        if str(self):
            raise ConfigError(f"{path} is a file; {self} is for models that are built here")

    def steps(self) -> list[str]:
        """What it says, for people."""
        teacher = "the model as it was" if self.distill == SELF else self.distill
        steps = (
            self.channels and f"{self.channels} % of the channels cut out",
            self.prune and f"{self.prune} % of each kernel's weights made zero",
            self.cluster and f"at most {self.cluster} values a kernel",
            self.qat and "trained with rounded weights and activations",
        )
        found = [step for step in steps if step]
        if self.trains:
            found.append(f"trained on for {self.epochs} epochs a step" + (f", taught by {teacher}" if teacher else ""))
        return found + (["one scale a kernel"] if self.per_tensor else [])


SELF = "self"
"""The teacher of a recipe that distills from the model that it starts from."""
AS_TRAINED = Recipe()
