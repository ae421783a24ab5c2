"""The benchmarks of MLPerf Tiny: what a sample of each is, and how its answers are judged.

Sizes, formats and quality targets: github.com/eembc/energyrunner, `datasets/README.md`, and the MLPerf Tiny rules
(github.com/mlcommons/tiny, `benchmark/MLPerfTiny_Rules.adoc`, table of the closed division). The streaming wake word
benchmark is not among them: its samples come over I2S, not over the console.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

from harness.errors import ConfigError
from harness.model.model import ITEM_BYTES, Tensor
from harness.value import Value


class SampleFormat(StrEnum):
    """How the elements of a sample are stored in the benchmark's data set."""

    STORED = "stored"
    """As the model's input tensor stores them."""
    PIXELS = "pixels"
    """One byte each, 0 to 255, of which `Benchmark.pixel_scale` makes a real value."""
    REALS = "reals"
    """float32, little-endian."""


class Metric(StrEnum):
    """What the benchmark's quality target is a target of."""

    TOP1 = "top-1 accuracy"
    AUC = "area under the ROC curve"


@dataclass(frozen=True)
class Benchmark(Value):
    """One benchmark.

    Attributes:
        name: as firmware calls it in its `m-model-[...]`, such as `kws01`.
        sample_shape: the model's input has it too, without the batch.
        outputs: elements of the model's output.
        pixel_scale: real value of one step of a pixel; 1 where samples are no pixels.
        target: the least value of the metric that the closed division accepts.
        zoo: the model of the zoo with this benchmark's architecture.
    """

    name: str
    title: str
    sample_format: SampleFormat
    sample_shape: tuple[int, ...]
    outputs: int
    pixel_scale: float
    metric: Metric
    target: float
    zoo: str

    @property
    def elements(self) -> int:
        """Of a sample."""
        return prod(self.sample_shape)

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample, as the int8 reference models take it."""
        return self.elements * (ITEM_BYTES["float32"] if self.sample_format is SampleFormat.REALS else 1)

    @property
    def reconstructs(self) -> bool:
        """The answer is how far the output is from the input, as an autoencoder's is, not the output."""
        return self.metric is Metric.AUC


_ALL = (
    Benchmark(
        name="kws01",
        title="keyword spotting",
        sample_format=SampleFormat.STORED,
        sample_shape=(49, 10, 1),
        outputs=12,
        pixel_scale=1.0,
        metric=Metric.TOP1,
        target=0.90,
        zoo="kws_ds_cnn",
    ),
    Benchmark(
        name="vww01",
        title="visual wake words",
        sample_format=SampleFormat.PIXELS,
        sample_shape=(96, 96, 3),
        outputs=2,
        # The reference model was trained on pixels divided by 255 (benchmark/training/visual_wake_words).
        pixel_scale=1 / 255,
        metric=Metric.TOP1,
        target=0.80,
        zoo="vww_mobilenet_v1",
    ),
    Benchmark(
        name="ic01",
        title="image classification",
        sample_format=SampleFormat.PIXELS,
        sample_shape=(32, 32, 3),
        outputs=10,
        pixel_scale=1.0,
        metric=Metric.TOP1,
        target=0.85,
        zoo="ic_resnet8",
    ),
    Benchmark(
        name="ad01",
        title="anomaly detection",
        sample_format=SampleFormat.REALS,
        sample_shape=(5 * 128,),
        outputs=5 * 128,
        pixel_scale=1.0,
        metric=Metric.AUC,
        target=0.85,
        zoo="ad_autoencoder",
    ),
)
BENCHMARKS = {benchmark.name: benchmark for benchmark in _ALL}


def known_benchmark(name: str) -> Benchmark | None:
    """The benchmark called so, with or without its number (`kws`, `kws01`, `ic02`), or None."""
    stem = name.strip().lower().rstrip("0123456789")
    return next((benchmark for benchmark in _ALL if benchmark.name.rstrip("0123456789") == stem), None)


def find_benchmark(name: str) -> Benchmark:
    """The same, for a name that a user gave.

    Raises:
        ConfigError: there is none of this name; the text lists those there are.
    """
    benchmark = known_benchmark(name)
    if benchmark is None:
        raise ConfigError(f"no MLPerf Tiny benchmark is called {name!r}; there are {', '.join(BENCHMARKS)}")
    return benchmark


def benchmark_of(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> Benchmark | None:
    """The benchmark whose samples a model takes and whose answers it gives, by the sizes of its tensors; None for most.

    A float model for keyword spotting fits none: the data set holds the reference model's quantized integers.
    """
    if len(inputs) != 1 or len(outputs) != 1:
        return None
    sizes = (inputs[0].elements, outputs[0].elements)
    for benchmark in _ALL:
        fits = benchmark.sample_format is not SampleFormat.STORED or ITEM_BYTES[inputs[0].dtype] == 1
        if fits and sizes == (benchmark.elements, benchmark.outputs):
            return benchmark
    return None


def pixel_benchmark(sample_shape: Sequence[int]) -> Benchmark | None:
    """The benchmark whose samples are images of this shape, or None."""
    images = (benchmark for benchmark in _ALL if benchmark.sample_format is SampleFormat.PIXELS)
    return next((benchmark for benchmark in images if benchmark.sample_shape == tuple(sample_shape)), None)
