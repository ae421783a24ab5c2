"""The user's TensorFlow Lite Micro: where it is, what it consists of, and which one it is."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.cache import cached
from harness.deploy.options import Kernels
from harness.deploy.toolchain import run_tool
from harness.errors import BuildError, ConfigError
from harness.progress import status

ROOT, GIT = "TFLM_ROOT", "TFLM_GIT"
HOW_TO_GET_ONE = (
    f"set {ROOT} to a checkout of github.com/tensorflow/tflite-micro after `make -f {{makefile}} "
    f"OPTIMIZED_KERNEL_DIR=cmsis_nn third_party_downloads`, or to what its create_tflm_tree.py wrote; "
    f"or set {GIT} to URL@COMMIT, which is cloned once"
)
_MAKEFILE = Path("tensorflow/lite/micro/tools/make/Makefile")
_DOWNLOADS = _MAKEFILE.parent / "downloads"
_SUFFIXES = (".c", ".cc", ".cpp", ".h", ".hpp", ".inc")
_THIRD_PARTY = ("flatbuffers/include", "gemmlowp", "ruy", "kissfft")
_CMSIS = ("cmsis", "cmsis/CMSIS/Core/Include", "cmsis_nn", "cmsis_nn/Include")
# Where headers and sources are read from; the rest of a checkout is examples, models and tools.
_READ = ("tensorflow/lite", "tensorflow/compiler", "signal")
_READ_OF_THIRD_PARTY = (*_THIRD_PARTY, "cmsis/CMSIS/Core/Include", "cmsis_nn/Include", "cmsis_nn/Source")


@dataclass(frozen=True)
class Tree:
    """TensorFlow Lite Micro and the libraries that it needs.

    Attributes:
        root: holds `tensorflow` and `signal`.
        third_party: holds `flatbuffers`, `gemmlowp`, `ruy`, `kissfft`, and for CMSIS-NN `cmsis` and `cmsis_nn`.
    """

    root: Path
    third_party: Path

    @property
    def micro(self) -> Path:
        return self.root / "tensorflow/lite/micro"

    @property
    def include_directories(self) -> tuple[Path, ...]:
        """Those of TFLM's own Makefile."""
        return (self.root, self.third_party, *(self.third_party / one for one in (*_THIRD_PARTY, *_CMSIS)))

    def kernel_text(self, name: str, kernels: Kernels) -> str:
        """The source of a kernel, with what all kernels of its operator share: empty where the tree has none such.

        A tree made for CMSIS-NN lacks the portable kernels that this replaces.
        """
        portable = self.micro / "kernels"
        folder = portable / "cmsis_nn" if kernels is Kernels.OPTIMIZED else portable
        kernel = _source(folder, name)
        parts = (kernel, _source(portable, f"{name}_common")) if kernel else ()
        return "".join(part.read_text(errors="replace") for part in parts if part)

    def problems(self, kernels: Kernels) -> Iterator[str]:
        """What it lacks, and how to get it."""
        lacking = [one for one in _THIRD_PARTY if not (self.third_party / one).is_dir()]
        if lacking:
            yield f"{self.third_party} lacks {', '.join(lacking)}: {_how_to_get_one()}"
        if kernels is Kernels.REFERENCE and _source(self.micro / "kernels", "conv") is None:
            yield (
                f"{self.root} was made with OPTIMIZED_KERNEL_DIR and holds no reference kernels: make one without it, "
                f"or build with the kernels {Kernels.OPTIMIZED}"
            )
        if kernels is Kernels.OPTIMIZED:
            wanted = (self.micro / "kernels/cmsis_nn", *(self.third_party / one for one in _CMSIS))
            if absent := [str(one.relative_to(self.root)) for one in wanted if not one.is_dir()]:
                yield (
                    f"{self.root} lacks {', '.join(absent)}: make it with OPTIMIZED_KERNEL_DIR=cmsis_nn, "
                    f"or build with the kernels {Kernels.REFERENCE}"
                )

    def version(self) -> str:
        """The commit, where it is a checkout, and a hash over all that can be compiled."""
        return _version(self)


def find_tree() -> Tree:
    """The tree that `TFLM_ROOT` or else `TFLM_GIT` names, which is cloned at first.

    Raises:
        ConfigError: neither is set, or what it names is no tree; the text says how to get one.
        BuildError: cloning failed.
    """
    if root := os.environ.get(ROOT):
        return _tree_at(Path(root).expanduser().resolve(), f"{ROOT}={root}")
    if source := os.environ.get(GIT):
        return _tree_at(_clone(source), f"{GIT}={source}")
    raise ConfigError(f"there is no TensorFlow Lite Micro: {_how_to_get_one()}")


def _how_to_get_one() -> str:
    return HOW_TO_GET_ONE.format(makefile=_MAKEFILE)


def _source(directory: Path, stem: str) -> Path | None:
    files = (directory / f"{stem}{suffix}" for suffix in (".cc", ".cpp"))
    return next((file for file in files if file.is_file()), None)


def _tree_at(root: Path, origin: str) -> Tree:
    if not (root / "tensorflow/lite/micro/micro_interpreter.h").is_file():
        raise ConfigError(f"{origin}: no TensorFlow Lite Micro is there: {_how_to_get_one()}")
    return Tree(root, root / (_DOWNLOADS if (root / _MAKEFILE).is_file() else "third_party"))


@lru_cache(maxsize=4)
def _version(tree: Tree) -> str:
    digest = hashlib.sha256()
    for directory in (*(tree.root / one for one in _READ), *(tree.third_party / one for one in _READ_OF_THIRD_PARTY)):
        for file in sorted(_sources(directory)):
            digest.update(
                str(file.relative_to(tree.root)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest()
            )
    content = f"content {digest.hexdigest()[:16]}"
    commit = _commit(tree.root)
    return f"{commit[:12]}, {content}" if commit else content


def _sources(directory: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(directory):
        folders[:] = [one for one in folders if one not in ("downloads", "examples", "integration_tests", "testdata")]
        yield from (Path(parent, file) for file in files if file.endswith(_SUFFIXES))


def _commit(root: Path) -> str:
    """The commit that a checkout is at; empty where it is none."""
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _clone(source: str) -> Path:
    url, _, commit = source.rpartition("@")
    if not url or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ConfigError(f"{GIT}={source}: want URL@COMMIT, the commit's whole 40 digits: branches move")

    def make(entry: Path) -> None:
        tree = entry / "tree"
        with status(f"cloning {url}"):
            run_tool(["git", "clone", "--quiet", "--no-checkout", url, tree])
            run_tool(["git", "-C", tree, "-c", "advice.detachedHead=false", "checkout", "--quiet", commit])
            _download_third_party(tree)

    return cached("tflm-trees", {"url": url, "commit": commit}, make) / "tree"


def _download_third_party(tree: Path) -> None:
    """As TFLM documents it; what is there already is not downloaded. A tree made by its tool has all."""
    if not (tree / _MAKEFILE).is_file():
        return
    # TFLM's Makefile runs python3 with numpy and Pillow, which ours has.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    makefile: list[str | Path] = [
        "make",
        "-C",
        tree,
        "-f",
        _MAKEFILE,
        "OPTIMIZED_KERNEL_DIR=cmsis_nn",
        "third_party_downloads",
    ]
    try:
        run_tool(["env", f"PATH={path}", *makefile])
    except BuildError as error:
        raise BuildError(f"the libraries that TensorFlow Lite Micro needs could not be downloaded: {error}") from error
