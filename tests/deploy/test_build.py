"""Building: once for each content, the same bytes anywhere, and a clear word when it can't be done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.board.board_file import load_board
from harness.deploy.backend import GeneratedCode
from harness.deploy.build import build_firmware
from harness.deploy.options import BuildOptions, Optimization
from harness.deploy.target import Memory, Target
from harness.deploy.toolchain import find_toolchain
from harness.errors import BuildError, ConfigError, DoesNotFitError
from harness.optimize.variant import Variant
from harness.paths import REPOSITORY
from tests.deploy.identity_backend import (
    ALLOCATES,
    DOES_NOT_COMPILE,
    IdentityBackend,
    identity_variant,
)

L4R5 = load_board("nucleo_l4r5zi").target
F746 = load_board("nucleo_f746zg").target


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache: what these tests build was not built before."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("HARNESS_CACHE", str(directory))
    return directory


@dataclass(frozen=True)
class CountingBackend(IdentityBackend):
    """Remembers in a file how often it was asked."""

    log: Path = Path("log")

    def versions(self) -> Mapping[str, str]:
        return {"counting": "1"}

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        with self.log.open("a") as log:
            log.write("generated\n")
        return super().generate(variant, target, options, directory)


def with_memory(target: Target, memory: Memory, size: int) -> Target:
    changed = tuple(replace(one, size=size) if one == memory else one for one in target.memories)
    return replace(target, memories=changed)


@pytest.mark.parametrize("target", [L4R5, F746], ids=lambda target: target.name)
def test_what_was_built_once_is_not_built_again(target: Target, tmp_path: Path) -> None:
    backend = CountingBackend(log=tmp_path / "log")
    first = build_firmware(identity_variant(), target, backend)
    made = first.elf.stat().st_mtime_ns
    second = build_firmware(identity_variant(), target, backend)
    assert second == first
    assert second.elf.stat().st_mtime_ns == made
    assert backend.log.read_text().count("generated") == 1


def test_whatever_changes_the_image_is_built_anew() -> None:
    variant = identity_variant()
    images = [
        build_firmware(variant, L4R5, IdentityBackend()),
        build_firmware(variant, F746, IdentityBackend()),
        build_firmware(variant, L4R5, IdentityBackend("sums[0] = 1;")),
        build_firmware(variant, L4R5, IdentityBackend(), BuildOptions(Optimization.OS)),
        build_firmware(variant, L4R5, IdentityBackend(), BuildOptions(stack_bytes=4096)),
    ]
    assert len({image.build_id for image in images}) == len(images)
    assert images[3].flags[-1] == "-Os"


def test_the_same_firmware_has_the_same_bytes_wherever_it_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = []
    for place, compiler_flags in (("here", ""), ("a longer way/over there", "-O0 -DNONSENSE(")):
        monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / place))
        monkeypatch.setenv("CFLAGS", compiler_flags)
        images.append(build_firmware(identity_variant(), L4R5, IdentityBackend()).elf)
    assert images[0] != images[1]
    assert images[0].read_bytes() == images[1].read_bytes()
    assert str(tmp_path).encode() not in images[0].read_bytes()


def test_a_cache_that_was_moved_still_serves(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    backend = CountingBackend(log=tmp_path / "log")
    first = build_firmware(identity_variant(), L4R5, backend)
    moved = cache.rename(tmp_path / "moved")
    monkeypatch.setenv("HARNESS_CACHE", str(moved))
    second = build_firmware(identity_variant(), L4R5, backend)
    assert second.elf.is_relative_to(moved)
    assert second.elf.is_file()
    assert replace(second, elf=first.elf) == first
    assert backend.log.read_text().count("generated") == 1


@pytest.mark.parametrize(
    ("memory", "declaration", "use"),
    [
        (L4R5.flash, "static const uint8_t weights[3 << 20] = {1};", "sums[0] = (int8_t)weights[second[0] & 127];"),
        (L4R5.ram, "static uint8_t arena[700 << 10];", "sums[0] = (int8_t)++arena[second[0] & 127];"),
    ],
    ids=["flash", "ram"],
)
def test_the_missing_bytes_are_exactly_those_that_would_make_it_fit(memory: Memory, declaration: str, use: str) -> None:
    backend = IdentityBackend(use, declaration)
    with pytest.raises(DoesNotFitError) as raised:
        build_firmware(identity_variant(), L4R5, backend)
    assert raised.value.memory == memory.name
    enough = memory.size + raised.value.missing_bytes
    with pytest.raises(DoesNotFitError):
        build_firmware(identity_variant(), with_memory(L4R5, memory, enough - 4), backend)
    build_firmware(identity_variant(), with_memory(L4R5, memory, enough), backend)


def test_of_two_memories_that_overflow_the_one_that_lacks_more_is_named() -> None:
    both = (
        "sums[0] = (int8_t)(weights[second[0] & 127] + ++arena[second[1] & 127]);",
        "static const uint8_t weights[(2 << 20) + 1000] = {1}; static uint8_t arena[4 << 20];",
    )
    with pytest.raises(DoesNotFitError) as raised:
        build_firmware(identity_variant(), L4R5, IdentityBackend(*both))
    assert raised.value.memory == L4R5.ram.name
    assert raised.value.missing_bytes > 3 << 20


def test_a_compiler_error_is_told_in_the_compilers_words(cache: Path) -> None:
    with pytest.raises(BuildError, match=r"identity\.c:\d+:\d+: error: unknown type name 'this'") as raised:
        build_firmware(identity_variant(), L4R5, DOES_NOT_COMPILE)
    assert len(str(raised.value).splitlines()) < 20
    assert list(cache.glob("firmware/*/firmware.elf")) == []


@dataclass(frozen=True)
class CxxBackend(IdentityBackend):
    """Hands over C++."""

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        code = super().generate(variant, target, options, directory)
        source = code.sources[0].with_suffix(".cc")
        source.write_text(f'extern "C" {{{code.sources[0].read_text()}}}')
        return replace(code, sources=(source,))


def test_a_backend_may_hand_over_cxx() -> None:
    once = "static int8_t once() { struct Once { int8_t value = 3; }; static Once made; return made.value; }"
    firmware = build_firmware(identity_variant(), L4R5, CxxBackend("sums[0] = once();", once))
    assert firmware.elf.is_file()


def test_a_static_constructor_is_refused_as_nothing_would_run_it() -> None:
    early = "static int8_t begin() { return second[0]; } static int8_t begun = begin();"
    with pytest.raises(BuildError, match="static constructors are not supported"):
        build_firmware(identity_variant(), L4R5, CxxBackend("sums[0] = begun;", early))


def test_a_model_that_allocates_memory_does_not_link() -> None:
    with pytest.raises(BuildError, match="undefined reference to `_sbrk'"):
        build_firmware(identity_variant(), L4R5, ALLOCATES)


def test_without_a_compiler_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find_toolchain.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match=r"run: sudo apt-get install .*gcc-arm-none-eabi"):
        build_firmware(identity_variant(), L4R5, IdentityBackend())


def test_an_unknown_family_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"unknown family 'avr'; known are .*stm32f7.*stm32l4"):
        build_firmware(identity_variant(), replace(L4R5, family="avr"), IdentityBackend())


@pytest.mark.parametrize("defines", [{"lower case": 1}, {"X\n#error": 1}, {"BIG": 2**32}, {"NEGATIVE": -1}])
def test_a_malformed_define_is_refused(defines: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="define"):
        build_firmware(identity_variant(), replace(L4R5, defines=defines), IdentityBackend())


@pytest.mark.parametrize("stack_bytes", [0, 1024, 4100, -8])
def test_a_stack_the_fault_handler_could_not_live_on_is_refused(stack_bytes: int) -> None:
    with pytest.raises(ConfigError, match="stack"):
        BuildOptions(stack_bytes=stack_bytes)


def test_a_cache_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, not a directory")
    monkeypatch.setenv("HARNESS_CACHE", str(occupied))
    with pytest.raises(BuildError, match=r"occupied can't be used.*HARNESS_CACHE"):
        build_firmware(identity_variant(), L4R5, IdentityBackend())


def test_a_disk_that_fills_up_leaves_one_error_and_no_half_made_entry(cache: Path) -> None:
    # A limit on the size of files stands in for the full disk: writes fail in just the same places.
    script = """
import resource, signal
from harness.errors import BuildError
from tests.deploy.test_build import L4R5, IdentityBackend, build_firmware, identity_variant
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    build_firmware(identity_variant(), L4R5, IdentityBackend())
except BuildError as error:
    print("refused:", error)
"""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("refused:"), done.stderr
    assert list(cache.glob("firmware/*/firmware.json")) == []
