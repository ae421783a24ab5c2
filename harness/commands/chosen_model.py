"""The model that a user's `--model` means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.optimize.variant import Variant


def chosen_variant(model: str, quantization: str | None, dataset: Path | None = None) -> Variant:
    """The variant of a model file, of a description, of a model of the zoo, or of a benchmark (`kws`).

    Args:
        quantization: of a model of the zoo, None for its usual one; of a file that is converted, None for float32.
        dataset: samples that calibrate a file that is converted.

    Raises:
        ConfigError: it is none of these.
        HarnessError: the file is no model, or the zoo's model can't be converted.
    """
    from harness.model.intake.kind import is_source
    from harness.model.mlperf_tiny import BENCHMARKS, known_benchmark
    from harness.model.zoo import ZOO
    from harness.model.zoo.find import is_buildable
    from harness.optimize import make_variant, variant_of_file
    from harness.optimize.variant import Quantization

    wanted = Quantization(quantization) if quantization else None
    if Path(model).suffix in (".tflite", ".skops"):
        return variant_of_file(Path(model))
    if is_source(Path(model)):
        return variant_of_file(Path(model), wanted, dataset)
    benchmark = known_benchmark(model)
    name = benchmark.zoo if benchmark else model
    if not is_buildable(name):
        known = ", ".join([*BENCHMARKS, *ZOO])
        raise ConfigError(f"--model {model}: neither a model file, nor a description (.yaml), nor one of {known}")
    return make_variant(name, wanted)
