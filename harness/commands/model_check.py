"""`harness model check`: what was understood of a model, before anything is built of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands.chosen_model import OPTIMIZE

if TYPE_CHECKING:
    from harness.model.model import Tensor
    from harness.optimize.variant import Variant


@click.command("check")
@click.argument("model")
@click.option("--quantization", help="What to convert it to; default of files: float32.")
@OPTIMIZE
@click.option(
    "--dataset", type=click.Path(exists=True, path_type=Path), help="Samples that calibrate integers; default: made up."
)
@click.option("--layers", is_flag=True, help="List every layer.")
def model_check(model: str, quantization: str | None, optimize: str, dataset: Path | None, layers: bool) -> None:
    """Tell what is understood of MODEL, a file or a model of the zoo: its ends, layers and cost, and who takes it.

    A file of Keras, TensorFlow, ONNX or PyTorch is converted, and what it is converted to compared with it.
    """
    from harness.commands.chosen_model import chosen_variant

    variant = chosen_variant(model, quantization, optimize, dataset)
    for line in (*_conversion(Path(model)), *_facts(variant)):
        click.echo(line)
    if layers:
        for layer in variant.model.layers:
            click.echo(f"  {layer.index:3} {layer.op:24} {layer.macs:>12,} MACs {layer.parameters:>9,}  {layer.name}")
    for line in _backends(variant):
        click.echo(line)


def _conversion(path: Path) -> list[str]:
    """How a file was converted, and how near it came to its source."""
    from harness.model.intake.kind import is_source
    from harness.optimize.intake.check_inputs import BOUND
    from harness.optimize.intake.convert_file import convert_file

    if not is_source(path):
        return []
    found = convert_file(path)
    tools = ", ".join(f"{name} {version}" for name, version in found.tools.items())
    return [
        f"converted   from {found.kind} by {tools}",
        f"checked     {found.checked} inputs, at most {found.difference:.1e} of the outputs' magnitude off "
        f"(allowed {BOUND:g})",
    ]


def _facts(variant: Variant) -> list[str]:
    model = variant.model
    operators = Counter(layer.op for layer in model.layers)
    listed = ", ".join(f"{count} {name}" if count > 1 else name for name, count in operators.items())
    calibrated = f", calibrated with {variant.representative_samples} samples" * bool(variant.representative_samples)
    return [
        f"model       {model.name}, {variant.quantization}{calibrated}, {model.size:,} bytes, {model.path}",
        *(f"input       {_described(one)}" for one in model.inputs),
        *(f"output      {_described(one)}" for one in model.outputs),
        f"layers      {len(model.layers)}",
        f"parameters  {model.parameters:,}",
        f"MACs        {model.macs:,}",
        f"operators   {listed}",
    ]


def _described(tensor: Tensor) -> str:
    scale = "" if tensor.scale is None else f", real = {tensor.scale:g} * (stored - {tensor.zero_point})"
    return f"{tensor.name} {list(tensor.shape)} {tensor.dtype}{scale}"


def _backends(variant: Variant) -> list[str]:
    """Which backends take it for at least one board."""
    from harness.board.board_file import list_boards, load_board
    from harness.deploy.backend import complaints_of
    from harness.deploy.backends import backend_names, find_backend
    from harness.deploy.options import BuildOptions
    from harness.errors import ConfigError

    options = BuildOptions.parse("O2")
    targets = [load_board(name).target for name in list_boards()]
    lines = []
    for name in backend_names():
        try:
            tool = find_backend(name)
        except ConfigError as error:
            lines.append(f"backend     {name}: {error}")
            continue
        found = [complaints_of(tool, variant, target, options) for target in targets]
        taken = sum(not one for one in found)
        reason = "; ".join(found[0]) if not taken else ""
        lines.append(
            f"backend     {name}: {f'takes it on {taken} of {len(found)} boards' if taken else f'no: {reason}'}"
        )
    return lines
