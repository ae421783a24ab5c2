"""Which image an MLPerf Tiny run is to measure: a user's own, or one that is built from a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.chosen_model import chosen_variant
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.board.spec import BoardSpec
    from harness.deploy.firmware import Firmware
    from harness.model.mlperf_tiny import Benchmark
    from harness.optimize.variant import Variant


def build_firmware_of(
    model: str, board: BoardSpec, quantization: str, optimize: str, backend: str, build: str
) -> tuple[Variant, Firmware]:
    """Firmware with this model in it that speaks EEMBC's protocol.

    Args:
        model: a `.tflite` file, a model of the zoo, or a benchmark (`kws`), which stands for the zoo's model of it.
        quantization, optimize: of a model of the zoo; a file is taken as it is.

    Raises:
        HarnessError: the model can't be found, converted, compiled or linked.
    """
    from harness.deploy.backends import find_backend
    from harness.deploy.build import build_firmware
    from harness.deploy.options import BuildOptions, ConsoleProtocol
    from harness.progress import status

    options = BuildOptions.parse(build, ConsoleProtocol.EEMBC)
    tool = find_backend(backend)
    with status(f"building {model} for {board.name}"):
        variant = chosen_variant(model, quantization, optimize)
        return variant, build_firmware(variant, board.target, tool, options)


def benchmark_named(model: str) -> Benchmark | None:
    """The benchmark that a user's `--model` means: by its own name, or that of the model in a file or in the zoo."""
    from harness.model.mlperf_tiny import BENCHMARKS, benchmark_of, known_benchmark
    from harness.model.tflite_reader import read_tflite

    if benchmark := known_benchmark(model):
        return benchmark
    if Path(model).suffix == ".tflite":
        read = read_tflite(Path(model))
        return benchmark_of(read.inputs, read.outputs)
    return next((benchmark for benchmark in BENCHMARKS.values() if benchmark.zoo == model), None)


def save_image(firmware: Firmware, output: Path) -> None:
    """Copy the image where the user wants it: as Intel HEX or raw bytes where the name ends in .hex or .bin.

    Raises:
        ConfigError: the file can't be written.
        BuildError: the tool that converts images failed.
    """
    import shutil

    from harness.deploy.toolchain import convert_image

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix in (".hex", ".bin"):
            convert_image(firmware.elf, output)
        else:
            shutil.copyfile(firmware.elf, output)
    except OSError as error:
        raise ConfigError(f"{output}: {error.strerror}") from error
