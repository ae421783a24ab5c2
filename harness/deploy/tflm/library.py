"""Compiles what a model needs of a tree, each file once for a core and its flags, and puts it into libraries."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.cache import cached
from harness.deploy.options import BuildOptions, Kernels
from harness.deploy.target import Target
from harness.deploy.tflm.sources import SourceIndex, closure, is_kernel, list_sources
from harness.deploy.tflm.tree import Tree
from harness.deploy.toolchain import Toolchain, core_flags, run_tool
from harness.paths import FIRMWARE
from harness.progress import status

GLUE = Path(__file__).parent / "glue"

DEFAULT = ("TF_LITE_STATIC_MEMORY", "KERNELS_OPTIMIZED_FOR_SPEED")
"""Preprocessor definitions of TFLM's Makefile for its build type `default`, in which kernels check what they do."""
RELEASE_WITH_LOGS = ("NDEBUG", *DEFAULT)
"""Those of the build type for measuring; in `release`, without error strings, there is no profiler either."""
_CMSIS_NN_DEFINITIONS = ("CMSIS_NN", "ARM_NN_ENABLE_F16=0", "ARM_NN_ENABLE_F32=0")
_COMMON = ("-ffunction-sections", "-fdata-sections", "-fno-common", "-fno-unwind-tables", "-w")
_HEADER = "common.h"
_CXX = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")


@dataclass(frozen=True)
class Compiler:
    """Compiles sources of a tree for one core and one set of flags.

    Attributes:
        definitions: TFLM's build type.
    """

    tree: Tree
    tools: Toolchain
    target: Target
    options: BuildOptions
    definitions: tuple[str, ...]

    def flags(self, kernels: Kernels) -> tuple[str, ...]:
        """For C and C++ alike, those that name directories left out."""
        defined = [f"-D{one}" for one in self.definitions]
        if kernels is Kernels.OPTIMIZED:
            defined += [f"-D{one}" for one in _CMSIS_NN_DEFINITIONS]
        return (*core_flags(self.target), *self.options.flags, *_COMMON, *defined)

    def library_objects(self, sources: Sequence[Path]) -> Mapping[Path, Path]:
        """The object of each source, from the cache where it was compiled before."""
        with (
            status(f"compiling TensorFlow Lite Micro for {self.target.core}"),
            ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            return dict(zip(sources, pool.map(self._library_object, sources), strict=True))

    def compile(self, source: Path, output: Path, flags: Sequence[str] | None = None) -> Path:
        """Compile one file: with the kernels' flags, unless told otherwise.

        Raises:
            BuildError: the compiler's own words.
        """
        flags = flags or self.flags(self.options.kernels)
        if source.suffix != ".c":
            flags = [*flags, *_CXX, "-include", str(self._precompiled_header())]
        run_tool([self.tools.compiler, *flags, *self._places(), "-c", source, "-o", output])
        return output

    def _places(self) -> list[str]:
        mapped = (f"-ffile-prefix-map={self.tree.third_party}=tflm", f"-ffile-prefix-map={self.tree.root}=tflm")
        return [*mapped, *(f"-I{one}" for one in (*self.tree.include_directories, FIRMWARE / "include"))]

    def _precompiled_header(self) -> Path:
        """The model's schema: nine tenths of the time that most files of TFLM take."""
        flags = [*self.flags(Kernels.REFERENCE), *_CXX]

        def make(entry: Path) -> None:
            header = entry / _HEADER
            header.write_text('#include "tensorflow/lite/schema/schema_generated.h"\n')
            made: list[str | Path] = ["-x", "c++-header", header, "-o", header.with_suffix(".h.gch")]
            run_tool([self.tools.compiler, *flags, *self._places(), *made])

        return cached("tflm-headers", self._key(flags), make) / _HEADER

    def _key(self, flags: Sequence[str]) -> dict[str, object]:
        return {"tree": self.tree.version(), "compiler": self.tools.compiler_version, "flags": list(flags)}

    def _library_object(self, source: Path) -> Path:
        # What runs the kernels is the same for all of them, and compiled once.
        flags = self.flags(self.options.kernels if is_kernel(source, self.tree) else Kernels.REFERENCE)
        key = {**self._key([*flags, *_CXX]), "source": str(source.relative_to(self.tree.root))}
        name = f"{source.stem}.o"

        def make(entry: Path) -> None:
            self.compile(source, entry / name, flags)

        return cached("tflm-objects", key, make) / name


@dataclass(frozen=True)
class Library:
    """All that some objects need of a tree.

    Attributes:
        kernels, runtime: objects that compute operators, and those that run them.
    """

    kernels: tuple[Path, ...]
    runtime: tuple[Path, ...]


def gather(compiler: Compiler, glue: Sequence[Path], portable: Collection[str]) -> Library:
    """Compile what the objects of the glue need.

    Args:
        portable: see `list_sources`.

    Raises:
        BuildError: a file does not compile.
    """
    tools = compiler.tools

    def symbols(objects: Sequence[Path]) -> str:
        return run_tool([tools.compiler.with_name("arm-none-eabi-nm"), "--demangle", *objects])

    index = SourceIndex(list_sources(compiler.tree, compiler.options.kernels, portable))
    objects = closure(glue, index, compiler.library_objects, symbols)
    kernels = [one for source, one in objects.items() if is_kernel(source, compiler.tree)]
    return Library(tuple(kernels), tuple(one for one in objects.values() if one not in kernels))


def archive(tools: Toolchain, objects: Sequence[Path], output: Path) -> Path:
    """A static library; the same objects give the same bytes."""
    run_tool([tools.compiler.with_name("arm-none-eabi-ar"), "qcsD", output, *objects])
    return output
