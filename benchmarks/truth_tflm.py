"""Sets TensorFlow Lite Micro, simulated, against EdgeMark's published silicon: writes benchmarks/truth_tflm.csv anew.

    TFLM_ROOT=... python benchmarks/truth_tflm.py [--only FC_3,CNN_1] [--write]

The tree should be EdgeMark's (TFLM 42f4bb8, of 6 February 2024). Firmware, window and settings are as EdgeMark's
project has them: -O3, CMSIS-NN's kernels, 120 MHz, both flash caches on and prefetch off; what is timed is filling the
input element by element, the inference, and copying the output; see docs/tflm.md for what such a window costs. Weights
are random, the networks those of the zoo.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.bench.device import Device
from harness.board.board_file import load_board
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.machine_console import MachineConsole
from harness.cache import sha256
from harness.deploy.backend import GeneratedCode
from harness.deploy.build import build_firmware
from harness.deploy.options import BuildOptions, Optimization
from harness.deploy.target import Target
from harness.deploy.tflm import TflmBackend
from harness.deploy.tflm.library import DEFAULT, Compiler
from harness.deploy.tflm.tree import find_tree
from harness.deploy.toolchain import find_toolchain
from harness.errors import HarnessError
from harness.model.samples import random_inputs, to_rows
from harness.model.tflite_reader import read_tflite
from harness.model.zoo import ZOO
from harness.optimize.variant import Quantization, Variant
from harness.tensorflow_process import environment

TABLE = Path(__file__).with_name("truth_tflm.csv")
BOARD = "nucleo_l4r5zi"
CALIBRATION_SAMPLES = 100

_NOTES = Template("""\
# EdgeMark's models with TensorFlow Lite Micro and CMSIS-NN on the NUCLEO-L4R5ZI: published cycles of the silicon
# (EdgeMark, 120 MHz, 5 wait states, both caches on, prefetch off, `-O3`, GCC 11.3, TFLM 42f4bb8) against the virtual
# board's, by the `tflm` backend on that tree ($tree) with GCC $compiler and the same settings, weights
# random. What is timed fills the input, runs, and copies the output, as EdgeMark does:
# [tflm.md](tflm.md#against-silicon) tells what that takes. Nothing was fitted to these rows. What remains is another
# compiler, another version of CMSIS-NN, and for small models the calls of a HAL's timer that the published window
# holds. Float32 runs TFLM's reference kernels, whose loops the two compilers translate differently.
""")

_WINDOW = Template("""\
/* EdgeMark's measured window around an inference, and its setting of the flash. Samples lie outside the arena; the
 * interpreter is asked for its tensor, which it looks up in the flatbuffer, for each element of an input or output. */
#define model_run inference
#define model_inputs inference_inputs
#define model_outputs inference_outputs
#include "model.cc"
#undef model_run
#undef model_inputs
#undef model_outputs

namespace {

volatile uint32_t &FLASH_ACR = *reinterpret_cast<volatile uint32_t *>(0x40022000u);
constexpr uint32_t PREFETCH = 1u << 8;

$input_type given[$inputs];
$output_type taken[$outputs];

}  // namespace

extern "C" {

extern const model_tensor_t model_inputs[] = {{given, sizeof given}};
extern const model_tensor_t model_outputs[] = {{taken, sizeof taken}};

int32_t model_run(model_step_done_t step_done)
{
    FLASH_ACR &= ~PREFETCH;
    for (uint32_t i = 0; i < $inputs; i++) {
        tflite::GetTensorData<$input_type>(interpreter->input(0))[i] = given[i];
    }
    const int32_t error = inference(step_done);
    for (uint32_t i = 0; i < $outputs; i++) {
        taken[i] = tflite::GetTensorData<$output_type>(interpreter->output(0))[i];
    }
    return error;
}
}
""")
_C_TYPES = {"float32": "float", "int8": "int8_t", "int16": "int16_t"}


@dataclass(frozen=True)
class EdgeMarkBackend(TflmBackend):
    """The `tflm` backend with EdgeMark's window around each inference, and its build, which keeps TFLM's checks."""

    definitions: tuple[str, ...] = DEFAULT
    name: str = field(default="tflm_edgemark", init=False)

    def versions(self) -> Mapping[str, str]:
        return {**TflmBackend.versions(self), "window": sha256(_WINDOW.template.encode())[:16]}

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        code = TflmBackend.generate(self, variant, target, options, directory)
        given, taken = code.inputs[0], code.outputs[0]
        window = directory / "window.cc"
        window.write_text(
            _WINDOW.substitute(
                input_type=_C_TYPES[given.dtype],
                output_type=_C_TYPES[taken.dtype],
                inputs=given.elements,
                outputs=taken.elements,
            )
        )
        compiler = Compiler(find_tree(), find_toolchain(), target, options, self.definitions)
        return replace(code, objects=(compiler.compile(window, directory / "window.o"),))


def convert(table: pd.DataFrame, directory: Path) -> None:
    """Write each row's network with random weights, converted; imports TensorFlow, so in a process of its own."""
    import tensorflow as tf

    for index, row in table.iterrows():
        tf.keras.utils.set_random_seed(0)
        entry = ZOO[row.model.lower()]
        converter = tf.lite.TFLiteConverter.from_keras_model(entry.build(1))
        if row.quantization != "float32":
            _quantize(converter, row.quantization, entry.made_up_inputs(CALIBRATION_SAMPLES, 1))
        (directory / f"{index}.tflite").write_bytes(converter.convert())


def _quantize(converter: Any, kind: str, inputs: NDArray[np.generic]) -> None:
    import tensorflow as tf

    wide, sets = kind.startswith("16x8"), tf.lite.OpsSet
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one[None]] for one in inputs)
    # As converters of the day did, and EdgeMark's tree has kernels for.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    converter.target_spec.supported_ops = [
        sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if wide else sets.TFLITE_BUILTINS_INT8
    ]
    if not kind.endswith("float I/O"):
        converter.inference_input_type = converter.inference_output_type = tf.int16 if wide else tf.int8


def simulate(path: Path) -> int:
    """Cycles of the second inference: the first has warmed the caches."""
    spec = load_board(BOARD)
    variant = Variant(read_tflite(path), Quantization.INT8, str(path))
    firmware = build_firmware(variant, spec.target, EdgeMarkBackend(), BuildOptions(Optimization.O3))
    machine = Machine(spec)
    load_image(machine, read_image(firmware.elf, spec), spec)
    machine.reset()
    device = Device(MachineConsole(machine), firmware)
    device.connect()
    machine.chip.engine.clock.state.timed = 1
    # Not zeros: exp(0) takes a short way through the C library, and through softmax.
    row = to_rows(variant.model.inputs, random_inputs(variant.model, 1, seed=1))[0]
    sample = row.tobytes()
    device.infer(sample)
    return device.infer(sample).cycles


def rows(table: pd.DataFrame, directory: Path) -> Iterator[tuple[Any, int]]:
    """The table's rows, each with the cycles that the virtual board counts."""
    for index, row in table.iterrows():
        try:
            cycles = simulate(directory / f"{index}.tflite")
        except HarnessError as error:
            print(f"{row.model} {row.quantization}: {error}", file=sys.stderr, flush=True)
            continue
        difference = cycles / row.published_cycles - 1
        before = row.simulated_cycles / row.published_cycles - 1
        print(f"{row.model} {row.quantization}: {cycles:,} ({difference:+.1%}, was {before:+.1%})", flush=True)
        yield index, cycles


def converted(models: str, directory: Path) -> None:
    """Have another process convert: what TensorFlow prints and takes stays there."""
    command = [sys.executable, __file__, "--only", models, "--convert", str(directory)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"converting failed:\n{done.stderr[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="models, joined by commas")
    parser.add_argument("--write", action="store_true", help=f"the table {TABLE.name}, when all its rows were measured")
    parser.add_argument("--convert", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    table = pd.read_csv(TABLE, comment="#")
    chosen = table[table.model.isin(arguments.only.split(","))] if arguments.only else table
    if arguments.convert:
        convert(chosen, arguments.convert)
        return
    with TemporaryDirectory() as directory:
        converted(arguments.only or ",".join(table.model.unique()), Path(directory))
        measured = dict(rows(chosen, Path(directory)))
    if arguments.write and len(measured) == len(table):
        table["simulated_cycles"] = table.index.map(measured)
        tree = TflmBackend().versions()["tflite-micro"].partition(",")[0]
        compiler = find_toolchain().compiler_version.split()[2]
        notes = _NOTES.substitute(tree=tree, compiler=compiler)
        TABLE.write_text(notes + table.to_csv(index=False, quoting=2))


if __name__ == "__main__":
    main()
