"""A firmware image and what is known of it without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.deploy.backend import Step, Tolerance
from harness.deploy.options import O2, BuildOptions
from harness.deploy.target import Target
from harness.model.model import Tensor
from harness.model.reference import Interpreter
from harness.value import Value

CODE_DIRECTORY = "model"
"""Beside an image: what its backend generated."""


@dataclass(frozen=True)
class Firmware(Value):
    """A linked image of the bench firmware with one model in it.

    Attributes:
        elf: the image, with symbols.
        build_id: GNU build id of the image, in hexadecimal; the firmware reports it over the console.
        backend, versions: the tool that made the model's code, and the versions of all tools.
        flags: the compiler's.
        arena_bytes, arena_lower_bound, steps, inputs, outputs: see `GeneratedCode`.
        tolerance, interpreter, own_tolerance: see there, too.
        options: how it was built.
    """

    elf: Path
    build_id: str
    target: Target
    backend: str
    versions: Mapping[str, str]
    flags: tuple[str, ...]
    arena_bytes: int
    arena_lower_bound: int
    steps: tuple[Step, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    options: BuildOptions = O2
    tolerance: Tolerance | None = None
    interpreter: Interpreter = Interpreter.TFLITE
    own_tolerance: Tolerance | None = None
