"""A variant, a target and a backend in, a linked image out; the same three never twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cache import cached, sha256_of_files
from harness.deploy.backend import Backend, GeneratedCode, complaints_of
from harness.deploy.board_files import check_family, write_board_files
from harness.deploy.eembc_header import eembc_header
from harness.deploy.firmware import CODE_DIRECTORY, Firmware
from harness.deploy.image import read_build_id
from harness.deploy.options import EEMBC_BAUD, O2, BuildOptions, ConsoleProtocol, FloatUnit, LinkTime
from harness.deploy.target import Target
from harness.deploy.toolchain import Toolchain, core_flags, find_toolchain, run_tool
from harness.errors import BuildError, DoesNotFitError, UnsupportedModelError
from harness.optimize.variant import Variant
from harness.paths import FIRMWARE, cache_directory

_OVERFLOW = re.compile(r"region `(FLASH|RAM)' overflowed by (\d+) bytes")
_TOOL_LINES_SHOWN = 20


def build_firmware(variant: Variant, target: Target, backend: Backend, options: BuildOptions = O2) -> Firmware:
    """The bench firmware with this variant in it, from the cache where it was built before.

    Raises:
        UnsupportedModelError: the backend lacks operators or types.
        DoesNotFitError: a memory of the target is too small.
        BuildError: a tool is missing or failed, or the cache can't be written.
        ConfigError: the target is of no known family, or its defines are malformed.
    """
    check_family(target)
    target = _as_asked(target, options)
    if complaints := complaints_of(backend, variant, target, options):
        lines = "\n  ".join(complaints)
        raise UnsupportedModelError(
            f"the {backend.name} backend can't compile this {variant.quantization} model:\n  {lines}"
        )
    tools = find_toolchain()
    versions = {**tools.versions(), **backend.versions()}
    key = {
        "model": variant.model.sha256,
        "backend": backend.name,
        "versions": versions,
        "target": target.to_json(),
        "options": options.to_json(),
        "firmware": sha256_of_files(FIRMWARE),
        "deploy": sha256_of_files(Path(__file__).parent),
    }

    def make(entry: Path) -> None:
        code_directory = entry / CODE_DIRECTORY
        code_directory.mkdir()
        code = backend.generate(variant, target, options, code_directory)
        _compile(variant, code, target, options, tools, entry)
        firmware = _describe(code, target, options, backend.name, versions, entry)
        (entry / "firmware.json").write_text(firmware.to_json())

    try:
        entry = cached("firmware", key, make)
        firmware = Firmware.from_json((entry / "firmware.json").read_bytes())
    except OSError as error:
        raise BuildError(
            f"the cache {cache_directory()} can't be used: {error.strerror}: {error.filename}; "
            "free some space, or set HARNESS_CACHE to a directory that can be written"
        ) from error
    return replace(firmware, elf=entry / firmware.elf)


def _as_asked(target: Target, options: BuildOptions) -> Target:
    """The target as the options change it: without its FPU, with another speed of the console."""
    if options.protocol is ConsoleProtocol.EEMBC:
        target = replace(target, console_baud=EEMBC_BAUD)
    return replace(target, fpu="") if options.float_unit is FloatUnit.SOFT else target


def _compile(
    variant: Variant, code: GeneratedCode, target: Target, options: BuildOptions, tools: Toolchain, entry: Path
) -> None:
    """Leave `firmware.elf` and `firmware.map` in the entry."""
    with TemporaryDirectory(dir=entry, prefix="build.") as name:
        build = Path(name)
        write_board_files(target, options, build)
        if options.protocol is ConsoleProtocol.EEMBC:
            (build / "eembc_model.h").write_text(eembc_header(variant.model.name, code))
        # The image must not depend on where it was made.
        flags = [*core_flags(target), *options.flags, f"-ffile-prefix-map={entry}=.", f"-ffile-prefix-map={FIRMWARE}=."]
        inputs = build / "inputs.cmake"
        inputs.write_text(
            _cmake_variables(
                COMPILER=[tools.compiler],
                COMPILER_VERSION=[tools.compiler_version.split()[2]],
                FLAGS=flags,
                FAMILY=[target.family],
                GENERATED=[build],
                MODEL_SOURCES=code.sources,
                MODEL_OBJECTS=code.objects,
                MODEL_INCLUDES=code.include_directories,
                MODEL_DEFINITIONS=code.definitions,
                KERNEL_ARCHIVES=code.kernel_archives,
                RUNTIME_ARCHIVES=code.runtime_archives,
                LTO=["ON" if options.link_time is LinkTime.LTO else "OFF"],
                MODEL_STEPS=[len(code.steps)],
                PROTOCOL=[options.protocol],
            )
        )
        run_tool(
            [
                *(tools.cmake, "-S", FIRMWARE, "-B", build, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools.ninja}"),
                *(f"-DBENCH_INPUTS={inputs}", f"-DCMAKE_TOOLCHAIN_FILE={FIRMWARE / 'toolchain.cmake'}"),
            ]
        )
        _run_ninja(tools, build, target)
        for product in ("firmware.elf", "firmware.map"):
            (build / product).rename(entry / product)


def _cmake_variables(**variables: Sequence[object]) -> str:
    lines = (f"set(BENCH_{name} {' '.join(f'[==[{item}]==]' for item in items)})" for name, items in variables.items())
    return "\n".join(lines)


def _run_ninja(tools: Toolchain, build: Path, target: Target) -> None:
    try:
        run_tool([tools.ninja, "--quiet", "-C", build])
    except BuildError as error:
        overflows = {region: int(size) for region, size in _OVERFLOW.findall(str(error))}
        if overflows:
            worst = max(overflows, key=overflows.__getitem__)
            memory = target.flash if worst == "FLASH" else target.ram
            raise DoesNotFitError(memory.name, overflows[worst]) from error
        raise BuildError(f"compiling the firmware failed:\n{_complaints(str(error), tools, build)}") from error


def _complaints(output: str, tools: Toolchain, build: Path) -> str:
    """The last of what the compiler and linker said, without Ninja's echo of their command lines."""
    echoes = ("ninja", "FAILED:", ": &&", str(tools.compiler))
    lines = [line for line in output.splitlines() if not line.startswith(echoes)]
    return "\n".join(lines[-_TOOL_LINES_SHOWN:]).replace(f"{build.parent}/", "")


def _describe(
    code: GeneratedCode, target: Target, options: BuildOptions, backend: str, versions: dict[str, str], entry: Path
) -> Firmware:
    return Firmware(
        elf=Path("firmware.elf"),
        build_id=read_build_id(entry / "firmware.elf"),
        target=target,
        backend=backend,
        versions=versions,
        flags=(*core_flags(target), *options.flags),
        arena_bytes=code.arena_bytes,
        arena_lower_bound=code.arena_lower_bound,
        steps=code.steps,
        inputs=code.inputs,
        outputs=code.outputs,
        options=options,
        tolerance=code.tolerance,
        interpreter=code.interpreter,
        own_tolerance=code.own_tolerance,
    )
