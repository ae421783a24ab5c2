"""Which of a tree's sources define what another one needs: only these are compiled.

All of TensorFlow Lite Micro and CMSIS-NN are some 250 files, of which a network needs a quarter. What a source
defines is read from its text by rule of thumb: a name at the beginning of a line with a parenthesis, a bracket or an
assignment behind it. A file too many costs the time to compile it; one too few, and the linker names the symbol.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.deploy.options import Kernels
from harness.deploy.tflm.tree import Tree

_SUFFIXES = (".c", ".cc", ".cpp")
_OTHER_TARGETS = {"xtensa", "hexagon", "arc_mli", "ethos_u", "ceva", "riscv", "testdata", "testing", "benchmarks"}
_DEFINITION = re.compile(
    r"^(?!extern\b|return\b|static\b|typedef\b|using\b|#|[\s/}*]).*?((?:\w+::)?~?\w+)\s*[(\[=]", re.M
)
_NAMESPACE = re.compile(r"^namespace (\w+)", re.M)
_SYMBOL = re.compile(r"^[0-9a-f]*\s+([A-Za-z])\s(.*)$", re.M)
_TEMPLATE_ARGUMENTS = re.compile(r"<[^<>]*>")

Compile = Callable[[Sequence[Path]], Mapping[Path, Path]]
"""Sources in, the object of each out."""


class SourceIndex:
    """What each source defines."""

    def __init__(self, sources: Iterable[Path]) -> None:
        self._defining: defaultdict[str, list[Path]] = defaultdict(list)
        for source in sources:
            text = source.read_text(errors="replace")
            names = {name for found in _DEFINITION.findall(text) for name in (found, found.rpartition("::")[2])}
            for name in names | {f"{name}::" for name in _NAMESPACE.findall(text)}:
                self._defining[name].append(source)

    def defining(self, symbol: str) -> Sequence[Path]:
        """The sources that may define a demangled symbol; none for those of the C library."""
        name = _plain_name(symbol)
        scope, _, last = name.rpartition("::")
        scope = scope.rpartition("::")[2]
        for key in (f"{scope}::{last}", last, f"{scope}::"):
            if key != "tflite::" and key in self._defining:
                return self._defining[key]
        return ()


def _plain_name(symbol: str) -> str:
    """`tflite::Foo::Bar` of `void tflite::Foo::Bar<int>(int)`; of a class's tables, its destructor."""
    if symbol.startswith(("vtable for ", "typeinfo for ")):
        name = symbol.partition(" for ")[2]
        return f"{name}::~{name.rpartition('::')[2]}"
    while (shorter := _TEMPLATE_ARGUMENTS.sub("", symbol)) != symbol:
        symbol = shorter
    return symbol.partition("(")[0].split()[-1] if symbol.strip() else ""


def list_sources(tree: Tree, kernels: Kernels, portable: Collection[str] = ()) -> list[Path]:
    """All that may become part of a library: each kernel once, CMSIS-NN's instead of the reference where it has one.

    Args:
        portable: kernels that are the reference's whatever CMSIS-NN has, by the names of their files.
    """
    micro, signal = tree.micro, tree.root / "signal"
    folders = [micro, *(micro / one for one in ("arena_allocator", "memory_planner", "tflite_bridge", "kernels"))]
    found = {file.stem: file for folder in folders for file in _in(folder, "*")}
    if kernels is Kernels.OPTIMIZED:
        found |= {file.stem: file for file in _in(micro / "kernels/cmsis_nn", "*") if file.stem not in portable}
    lite = [tree.root / "tensorflow/lite" / one for one in ("c", "core", "kernels", "schema")]
    others = [*lite, tree.root / "tensorflow/compiler", signal / "src", signal / "micro/kernels"]
    if kernels is Kernels.OPTIMIZED:
        others.append(tree.third_party / "cmsis_nn/Source")
    return [*found.values(), *(file for folder in others for file in _in(folder, "**/*"))]


def _in(folder: Path, pattern: str) -> Iterator[Path]:
    """Sources that are no tests, nor for other targets. What the firmware has of its own (debug_log) is left out."""
    for file in sorted(folder.glob(pattern)):
        is_test = file.stem.endswith(("_test", "_test_common")) or file.stem.startswith("test_")
        is_other = is_test or file.stem == "debug_log" or _OTHER_TARGETS & set(file.relative_to(folder).parts)
        if file.suffix in _SUFFIXES and not is_other:
            yield file


def is_kernel(source: Path, tree: Tree) -> bool:
    """It computes operators; what does not, runs them."""
    parts = source.relative_to(tree.root).parts
    return "kernels" in parts or parts[0] == "signal" or source.is_relative_to(tree.third_party)


def closure(
    first: Sequence[Path], index: SourceIndex, compiler: Compile, symbols: Callable[[Sequence[Path]], str]
) -> dict[Path, Path]:
    """Compile all that some objects need, and what that needs: the object of each source.

    Args:
        symbols: lists the demangled symbols of objects, as `nm --demangle` does.
    """
    objects: dict[Path, Path] = {}
    while True:
        listed = _SYMBOL.findall(symbols([*first, *objects.values()]))
        defined = {name for kind, name in listed if kind.isupper() and kind != "U"}
        undefined = {name for kind, name in listed if kind == "U"} - defined
        wanted = {source for name in undefined for source in index.defining(name)} - objects.keys()
        if not wanted:
            return objects
        objects.update(compiler(sorted(wanted)))
