"""CMSIS-NN compiled: for a core as a library to link, and its size functions for the host."""

from __future__ import annotations

import ctypes
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cache import cached
from harness.deploy.cmsis_nn.sources import WHEEL_SHA256, find_sources
from harness.deploy.options import BuildOptions, Kernels, LinkTime
from harness.deploy.target import Target
from harness.deploy.toolchain import core_flags, find_toolchain, run_tool
from harness.errors import BuildError
from harness.progress import status

ARCHIVE = "libkernels_cmsis_nn.a"
"""The linker script and the footprint tell kernels by this name's beginning."""

_ROUND_ONCE = "-DCMSIS_NN_USE_SINGLE_ROUNDING"
_FULLY_CONNECTED = ("arm_nn_vec_mat_mult_t_s8.c", "arm_nn_vec_mat_mult_t_s4.c")
"""Files that only FULLY_CONNECTED's arithmetic is in; TFLite's rounds once."""
_MATRICES = ("arm_nn_mat_mult_nt_t_s8", "arm_nn_mat_mult_nt_t_s4")
ROUNDING_ONCE = "_once"
"""Ending of second copies of the products behind pointwise convolutions: for FULLY_CONNECTED with a scale for each
channel, which CMSIS-NN of this version lacks."""


def uses_dsp(target: Target, options: BuildOptions) -> bool:
    """Whether the kernels use the core's DSP extension."""
    return target.core.has_dsp and options.kernels is Kernels.OPTIMIZED


def include_directory() -> Path:
    """Of CMSIS-NN's headers."""
    return find_sources() / "Include"


def kernel_archive(target: Target, options: BuildOptions) -> Path:
    """The library for a core and a set of flags, compiled at most once.

    Raises:
        BuildError: the sources or the compiler are missing, or it refused them.
    """
    tools = find_toolchain()
    flags = [*core_flags(target), *options.flags, "-ffunction-sections", "-fdata-sections", "-fno-common", "-DNDEBUG"]
    if not uses_dsp(target, options):
        flags.append("-U__ARM_FEATURE_DSP")
    if options.link_time is LinkTime.LTO:
        flags += ["-flto", "-ffat-lto-objects"]
    key = {
        "sources": WHEEL_SHA256,
        "compiler": tools.compiler_version,
        "flags": flags,
        "rounding_once": [*_FULLY_CONNECTED, *_MATRICES],
    }

    def make(directory: Path) -> None:
        with status(f"compiling CMSIS-NN for {target.core}"):
            _compile(tools.compiler, flags, directory / ARCHIVE)

    return cached("cmsis_nn", key, make) / ARCHIVE


def _compile(compiler: Path, flags: Sequence[str], archive: Path) -> None:
    sources = find_sources()
    files = sorted((sources / "Source").rglob("*.c"))
    once = [file for file in files if file.name in _FULLY_CONNECTED]
    matrices = [file for file in files if file.stem in _MATRICES]
    if len(once) != len(_FULLY_CONNECTED) or len(matrices) != len(_MATRICES):
        raise BuildError(f"CMSIS-NN in {sources} lacks {_FULLY_CONNECTED} or {_MATRICES}")
    twice = [file for file in files if file not in once]
    paths = [f"-ffile-prefix-map={sources}=CMSIS-NN", f"-I{sources / 'Include'}"]
    command: list[str | Path] = [compiler, *flags, *paths, "-c"]
    with TemporaryDirectory(dir=archive.parent) as scratch:
        objects = Path(scratch)
        run_tool([*command, *twice], objects)
        run_tool([*command, _ROUND_ONCE, *once], objects)
        for file in matrices:
            name = f"{file.stem}{ROUNDING_ONCE}"
            run_tool([*command, _ROUND_ONCE, f"-D{file.stem}={name}", "-o", f"{name}.o", file], objects)
        archiver = compiler.with_name(f"{compiler.name}-ar")
        run_tool([archiver, "rcsD", archive, *sorted(objects.glob("*.o"))])


def size_functions() -> ctypes.CDLL:
    """CMSIS-NN's own functions that tell the size of a kernel's workspace, for this machine.

    Raises:
        BuildError: the sources or the host's C compiler are missing.
    """
    key = {"sources": WHEEL_SHA256, "machine": platform.machine(), "system": platform.system()}
    return ctypes.CDLL(str(cached("cmsis_nn_sizes", key, _compile_size_functions) / "sizes.so"))


def _compile_size_functions(directory: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        raise BuildError("planning CMSIS-NN's memory needs a C compiler once, and there is no cc: apt-get install gcc")
    sources = find_sources()
    files = sorted((sources / "Source").rglob("*_get_buffer_sizes_*.c"))
    flags = ["-O1", "-shared", "-fPIC", f"-I{sources / 'Include'}"]
    run_tool([compiler, *flags, *files, "-o", directory / "sizes.so"])
