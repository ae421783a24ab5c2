"""The protocol between the harness and a tool that makes code for a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from harness.deploy.options import BuildOptions
from harness.deploy.target import Core, Target
from harness.errors import UnsupportedModelError
from harness.model.model import Tensor
from harness.model.reference import Interpreter
from harness.optimize.variant import Quantization, Variant
from harness.value import Value


@dataclass(frozen=True)
class Step(Value):
    """One timed step of an inference: a kernel, and the layers of the model that it computes.

    Attributes:
        kernel: the generated function's name.
        layers: names of the model's layers (`Layer.name`) fused into it.
    """

    kernel: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Tolerance(Value):
    """How far outputs may be from TFLite's on the host because of how code computes.

    Attributes:
        bound: absolute, of stored values: of float32 in their unit, of integers in steps.
        reason: what makes the difference, in a clause.
    """

    bound: float
    reason: str


@dataclass(frozen=True)
class GeneratedCode(Value):
    """What a backend made: all that implements `firmware/include/model.h`.

    Attributes:
        sources: C or C++ files to compile; with the objects they become the model's static library.
        objects: ready object files of the target's ABI.
        include_directories: for the sources.
        definitions: for the sources, `NAME` or `NAME=VALUE`.
        kernel_archives, runtime_archives: ready static libraries of the target's ABI, which the model's library needs:
            operators, and what runs them (an interpreter). An image's flash and RAM are counted by this.
        arena_bytes: activation memory, inputs, outputs and workspaces included.
        arena_lower_bound: bytes of the largest set of tensors alive at once; no plan can be smaller.
        steps: in the order in which the model reports them.
        inputs, outputs: as the firmware exposes them.
        tolerance: None: as far as any sum in another order, and a step of integers, see `harness.bench.agreement`.
        interpreter: the runtime's own on the host. Where that is installed and takes the model, outputs are judged by
            its answers instead.
        own_tolerance: of these.
    """

    sources: tuple[Path, ...]
    objects: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    arena_bytes: int
    arena_lower_bound: int
    steps: tuple[Step, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    definitions: tuple[str, ...] = ()
    kernel_archives: tuple[Path, ...] = ()
    runtime_archives: tuple[Path, ...] = ()
    tolerance: Tolerance | None = None
    interpreter: Interpreter = Interpreter.TFLITE
    own_tolerance: Tolerance | None = None


@dataclass(frozen=True)
class Claims(Value):
    """What a backend takes in general, to be listed; what it takes of one model, only `complaints` can say.

    Attributes:
        operators: for each quantization that it has, the operators: TFLite's, or classes of scikit-learn.
    """

    cores: tuple[Core, ...]
    operators: Mapping[Quantization, tuple[str, ...]]


class Backend(Protocol):
    """A tool that turns a variant into code; found by the entry point group `tinyml_harness.backends`."""

    @property
    def name(self) -> str:
        """How users call it; a plain attribute will do."""

    def versions(self) -> Mapping[str, str]:
        """Exact versions of the tools behind this backend; part of every cache key and record. Must not import them."""

    def load(self) -> None:
        """Import what `generate` needs, if that takes long: called when there is time to spare, or not at all."""

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:
        """Why this backend can't build the variant: operators, types, cores, options that it lacks, all of them, a line
        each, with the layer's name. Empty where it claims to. Quick: asked before anything is built, for many variants.

        Raises:
            ModelError: the file is gone or changed.
            UnsupportedModelError: it is of a kind that the backend can't open: also a complaint, see `complaints_of`.
        """

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        """Write the code of a variant without `complaints` into an empty directory.

        Raises:
            UnsupportedModelError: what only shows while code is made.
            BuildError: the tool failed otherwise.
        """


@runtime_checkable
class Claiming(Protocol):
    """A backend that can also be listed with what it takes; a backend need not have this."""

    def claims(self) -> Claims:
        """What it takes in general. Must import no tools."""


def complaints_of(backend: Backend, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:
    """A backend's complaints; a model of a kind that it does not know at all is one, too.

    Raises:
        ModelError: the file is gone or changed.
    """
    try:
        return backend.complaints(variant, target, options)
    except UnsupportedModelError as error:
        return [str(error)]
