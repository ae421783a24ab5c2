"""What a model needs of a tree is found by its objects' symbols, and no more than that is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from harness.deploy.tflm.sources import SourceIndex, closure
from harness.deploy.toolchain import COMPILER, run_tool

SOURCES = {
    "interpreter.cc": """
#include "all.h"
namespace micro {
Interpreter::Interpreter(int arena) : arena_(arena) {}
Interpreter::~Interpreter() {}
int Interpreter::Run(const Allocator& allocator) { return allocator.Take(arena_); }
}
""",
    "allocator.cc": """
#include "all.h"
namespace micro {
int
Allocator::Take(
    int bytes) const {
  return arm_kernel_s8(bytes) + lookup_table[bytes & 1];
}
}
""",
    "arm_kernel_s8.c": "int arm_kernel_s8(int bytes)\n{\n    return bytes + 1;\n}\n",
    "tables.c": "const int lookup_table[2] = {1, 2};\n",
    "other.cc": '#include "all.h"\nnamespace other {\nint Run(int x) { return x; }\n}\n',
    "uses_take.cc": "static int Take(int x) { return x; }\nint caller(int x) {\n  return Take(x);\n}\n",
}
HEADER = """
extern "C" { int arm_kernel_s8(int bytes); extern const int lookup_table[2]; }
namespace micro {
struct Allocator { int Take(int bytes) const; };
struct Interpreter {
  explicit Interpreter(int arena);
  virtual ~Interpreter();
  int Run(const Allocator&);
  int arena_;
};
template <typename T> T widen(T x) { return x; }
}
"""
MAIN = """
#include "all.h"
int start() { micro::Allocator allocator; micro::Interpreter one(3); return micro::widen<int>(one.Run(allocator)); }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "all.h").write_text(HEADER)
    for name, text in {**SOURCES, "main.cc": MAIN}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def compile_all(sources: Sequence[Path]) -> Mapping[Path, Path]:
    objects = {source: source.with_suffix(".o") for source in sources}
    for source, made in objects.items():
        flags = [] if source.suffix == ".c" else ["-fno-rtti", "-fno-exceptions"]
        run_tool([COMPILER, "-mcpu=cortex-m4", "-mthumb", "-O1", *flags, "-c", source, "-o", made])
    return objects


def list_symbols(objects: Sequence[Path]) -> str:
    return run_tool(["arm-none-eabi-nm", "--demangle", *objects])


def test_what_is_needed_is_compiled_and_nothing_else(tree: Path) -> None:
    (main,) = compile_all([tree / "main.cc"]).values()
    found = closure([main], SourceIndex(tree / name for name in SOURCES), compile_all, list_symbols)
    assert {source.name for source in found} == {"interpreter.cc", "allocator.cc", "arm_kernel_s8.c", "tables.c"}
    linked: list[str | Path] = ["-nostdlib", "-r", main, *found.values(), "-o", tree / "all.o"]
    run_tool([COMPILER, "-mcpu=cortex-m4", "-mthumb", *linked])
    undefined = [line.split()[-1] for line in list_symbols([tree / "all.o"]).splitlines() if " U " in line]
    assert all("micro" not in name and "arm" not in name for name in undefined), undefined


def test_what_the_c_library_has_is_nowhere(tree: Path) -> None:
    index = SourceIndex(tree / name for name in SOURCES)
    assert [index.defining(name) for name in ("memcpy", "__aeabi_dadd", "operator delete(void*)", "")] == [()] * 4


@pytest.mark.parametrize(
    ("symbol", "file"),
    [
        ("vtable for micro::Interpreter", "interpreter.cc"),
        ("micro::Allocator::Take(int) const", "allocator.cc"),
        ("int other::Run<int>(int)", "other.cc"),
        ("lookup_table", "tables.c"),
    ],
)
def test_symbols_are_known_by_their_demangled_names(symbol: str, file: str, tree: Path) -> None:
    index = SourceIndex(tree / name for name in SOURCES)
    assert file in [one.name for one in index.defining(symbol)]
