"""The model that a user's `--model` means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.optimize.variant import Variant


AS_THEY_ARE = (".tflite", ".skops")
"""What ends the names of files that are not converted."""

OPTIMIZE = click.option(
    "--optimize",
    default="",
    metavar="RECIPE",
    help="What is done to a model of the zoo before, such as channels50-qat; see docs/variants.md.",
)
"""For each command that takes a model."""


def chosen_variant(model: str, quantization: str | None, optimize: str = "", dataset: Path | None = None) -> Variant:
    """The variant of a model file, of a description, of a model of the zoo, or of a benchmark (`kws`).

    Args:
        quantization: of a model of the zoo, None for its usual one; of a file that is converted, None for float32.
        optimize: the words of a recipe, for a model that is built here.
        dataset: samples that calibrate a file that is converted.

    Raises:
        ConfigError: it is none of these, or the recipe can't be followed with it.
        HarnessError: the file is no model, or the zoo's model can't be converted.
    """
    from harness.model.intake.kind import is_source
    from harness.model.mlperf_tiny import BENCHMARKS, known_benchmark
    from harness.model.zoo import ZOO
    from harness.model.zoo.find import is_buildable
    from harness.optimize import Recipe, make_variant, variant_of_file
    from harness.optimize.variant import Quantization

    wanted, recipe = Quantization(quantization) if quantization else None, Recipe.parse(optimize)
    path = Path(model)
    benchmark = known_benchmark(model)
    name = benchmark.zoo if benchmark else model
    is_file = not is_buildable(name) and path.exists()
    if path.suffix in AS_THEY_ARE or is_source(path) or is_file:
        recipe.refuse_file(model)
        return variant_of_file(path) if path.suffix in AS_THEY_ARE else variant_of_file(path, wanted, dataset)
    if not is_buildable(name):
        known = ", ".join([*BENCHMARKS, *ZOO])
        raise ConfigError(f"--model {model}: neither a model file, nor a description (.yaml), nor one of {known}")
    return make_variant(name, wanted, recipe)
