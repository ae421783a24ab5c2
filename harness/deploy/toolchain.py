"""The programs that turn C into an image: the cross compiler from the system, CMake and Ninja from their packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from harness.deploy.target import Target
from harness.errors import BuildError

COMPILER = "arm-none-eabi-gcc"
APT_COMMAND = "sudo apt-get install --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi"
CXX_APT_COMMAND = "sudo apt-get install --no-install-recommends libstdc++-arm-none-eabi-dev"

# A user's environment must not change what is built: CMake and GCC read these.
_IGNORED_VARIABLES = {
    "CC",
    "CFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "CXXFLAGS",
    "LIBRARY_PATH",
    "GCC_EXEC_PREFIX",
}


@dataclass(frozen=True)
class Toolchain:
    """Where the programs are.

    Attributes:
        compiler_version: the compiler's own first line, distribution release included.
    """

    compiler: Path
    compiler_version: str
    cmake: Path
    ninja: Path

    def versions(self) -> dict[str, str]:
        """Versions of all programs, for cache keys and records."""
        return {COMPILER: self.compiler_version, "cmake": version("cmake"), "ninja": version("ninja")}


@lru_cache(maxsize=1)
def find_toolchain() -> Toolchain:
    """Find all programs.

    Raises:
        BuildError: the cross compiler or its C library is not installed; the text has the command that installs it.
    """
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise BuildError(f"{COMPILER} is not installed; run: {APT_COMMAND}")
    if run_tool([compiler, "--print-file-name=nano.specs"]).strip() == "nano.specs":
        raise BuildError(f"{COMPILER} has no C library (newlib-nano); run: {APT_COMMAND}")
    import cmake
    import ninja

    return Toolchain(
        compiler=Path(compiler),
        compiler_version=run_tool([compiler, "--version"]).splitlines()[0],
        cmake=Path(cmake.CMAKE_BIN_DIR) / "cmake",
        ninja=Path(ninja.BIN_DIR) / "ninja",
    )


@lru_cache(maxsize=1)
def require_cxx_headers() -> None:
    """See that C++ can be compiled.

    Raises:
        BuildError: the C++ library's headers, or the compiler, are not installed; the text has the command to run.
    """
    try:
        run_tool([find_toolchain().compiler, "-x", "c++", "-fsyntax-only", "-include", "cstdint", os.devnull])
    except BuildError as error:
        raise BuildError(f"{COMPILER} has no headers for C++; run: {CXX_APT_COMMAND}") from error


def convert_image(elf: Path, output: Path) -> None:
    """Write an image's contents as Intel HEX, or as raw bytes from its lowest address on, by the output's suffix.

    Raises:
        BuildError: the tool is missing or failed.
    """
    objcopy = find_toolchain().compiler.with_name("arm-none-eabi-objcopy")
    run_tool([objcopy, "-O", {".hex": "ihex", ".bin": "binary"}[output.suffix], elf, output])


def core_flags(target: Target) -> tuple[str, ...]:
    """The compiler's flags for a target's core and ABI."""
    fpu = (f"-mfpu={target.fpu}", "-mfloat-abi=hard") if target.fpu else ("-mfloat-abi=soft",)
    return (f"-mcpu={target.core}", "-mthumb", *fpu)


def run_tool(command: Sequence[str | Path], directory: Path | None = None) -> str:
    """Run a program, in a directory where one is given, and return what it printed.

    Raises:
        BuildError: it failed or can't be run; the text carries all that it printed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _IGNORED_VARIABLES}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={**environment, "LC_ALL": "C"},
            check=False,
        )
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise BuildError(f"{Path(command[0]).name} failed:\n{output}")
    return output
