"""Sets the backends side by side on MLPerf Tiny's four int8 models, and writes the tables of docs/backends.md.

    python benchmarks/backends.py [--models FOLDER] [--board NAME]... [--backend NAME]... [--samples N] [--write]

FOLDER holds the benchmark's reference models (`kws_ref_model.tflite` and so on); without it, the zoo's own networks of
the same four architectures are taken, whose weights are not trained. A backend that can't run a model, or lacks its
tools on this machine, has a line that says why. `--samples` random inputs go through the board and are compared with
the TFLite interpreter's answers, after ten timed inferences.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bench.runner import Plan, Results, prepare, run
from harness.board.dut import Dut, open_dut
from harness.board.rack import Kind, RackEntry
from harness.deploy.backends import backend_names, find_backend
from harness.deploy.build import build_firmware
from harness.errors import HarnessError
from harness.optimize import make_variant, variant_of_file
from harness.optimize.variant import Quantization, Variant
from harness.paths import REPOSITORY

PAGE = REPOSITORY / "docs" / "backends.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
MODELS = {
    "AD": ("ad01_int8.tflite", "ad_autoencoder"),
    "KWS": ("kws_ref_model.tflite", "kws_ds_cnn"),
    "IC": ("pretrainedResnet_quant.tflite", "ic_resnet8"),
    "VWW": ("vww_96_int8.tflite", "vww_mobilenet_v1"),
}
HEAD = (
    "| model | backend | latency | cycles/MAC | flash | RAM | arena | its lower bound | largest difference |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


@dataclass(frozen=True)
class Line:
    """One model by one backend: its results, or why there are none."""

    model: str
    backend: str
    macs: int
    results: Results | None
    reason: str = ""

    def __str__(self) -> str:
        if self.results is None:
            return f"| {self.model} | {self.backend} | {self.reason} | | | | | | |"
        value = {one.quantity: one.value for one in self.results.measurements}
        bytes_of = [f"{value[name]:,.0f}" for name in ("flash", "ram", "arena", "arena_lower_bound")]
        return (
            f"| {self.model} | {self.backend} | {value['latency'] * 1e3:.2f} ms | {value['cycles'] / self.macs:.2f} | "
            f"{' | '.join(bytes_of)} | {value['max_difference']:.3g} |"
        )


def variant_of(model: str, folder: Path | None) -> Variant:
    """The reference model's file, or the zoo's network of the same architecture."""
    file, name = MODELS[model]
    return variant_of_file(folder / file) if folder else make_variant(name, Quantization.INT8)


def measure(dut: Dut, variant: Variant, backend: str, samples: int) -> Results:
    """Build, flash, time, and compare with the host."""
    plan = Plan(repeats=10, random_samples=samples)
    firmware = build_firmware(variant, dut.spec.target, find_backend(backend))
    return run(dut, variant, firmware, prepare(variant, plan, firmware.interpreter), plan)


def lines(board: str, backends: Sequence[str], folder: Path | None, samples: int) -> Iterator[Line]:
    """A line for each model and backend."""
    with open_dut(RackEntry("bench", board, Kind.VIRTUAL)) as dut:
        for model in MODELS:
            variant = variant_of(model, folder)
            for backend in backends:
                try:
                    results = measure(dut, variant, backend, samples)
                    yield Line(model, backend, variant.model.macs, results)
                except HarnessError as error:
                    yield Line(model, backend, variant.model.macs, None, str(error).splitlines()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--board", action="append")
    parser.add_argument("--backend", action="append")
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(REPOSITORY)}")
    arguments = parser.parse_args()
    tables = []
    for board in arguments.board or ["nucleo_l4r5zi", "nucleo_f746zg"]:
        tables.append(f"**{board}**, {arguments.samples} random inputs compared:\n\n{HEAD}")
        print(tables[-1], flush=True)
        for line in lines(board, arguments.backend or backend_names(), arguments.models, arguments.samples):
            tables[-1] += f"\n{line}"
            print(line, flush=True)
    if arguments.write:
        text = PAGE.read_text()
        before, rest = text.split(BEGIN)
        _, after = rest.split(END)
        PAGE.write_text("\n".join([f"{before}{BEGIN}", *(f"{table}\n" for table in tables), f"{END}{after}"]))


if __name__ == "__main__":
    main()
