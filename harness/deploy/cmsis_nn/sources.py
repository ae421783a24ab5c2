"""CMSIS-NN's sources: fetched once with pip, checked against a pinned hash, unpacked into the cache, never committed.

Arm publishes no package of them. This wheel carries them unchanged; the wheel itself is EPL-2.0, but these files are
Arm's own under Apache-2.0, as the first lines of each say.
"""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from harness.cache import cached, sha256
from harness.deploy.toolchain import run_tool
from harness.errors import BuildError
from harness.progress import status

PACKAGE, PACKAGE_VERSION = "aidge-export-arm-cortexm", "0.2.1"
WHEEL_SHA256 = "0ea6a694b8c1397bf52158c27854bbd4ddfca433ed4cf06a4c92843b480acbf0"
KERNELS_VERSION = "12.5.1 of 2024-01-09"
"""What `arm_nnfunctions.h` calls itself."""
WHEEL_VARIABLE = "HARNESS_CMSIS_NN_WHEEL"
"""Environment variable: a copy of the wheel, for machines without a network."""

_FOLDER = PurePosixPath("aidge_export_arm_cortexm/_CMSIS-NN/CMSIS-NN")
_PARTS = ("Include", "Source")


def find_sources() -> Path:
    """A folder with CMSIS-NN's `Include` and `Source`.

    Raises:
        BuildError: the wheel can't be fetched, or is not the one that was pinned; the text has the way out.
    """
    return cached("cmsis_nn_sources", {"wheel": WHEEL_SHA256}, _unpack)


def _unpack(directory: Path) -> None:
    with TemporaryDirectory(dir=directory.parent) as scratch:
        content = _wheel(Path(scratch)).read_bytes()
        if sha256(content) != WHEEL_SHA256:
            raise BuildError(
                f"this is not the wheel {PACKAGE}=={PACKAGE_VERSION} that was pinned: "
                f"its SHA-256 is {sha256(content)}, not {WHEEL_SHA256}"
            )
        wheel = Path(scratch) / "checked.whl"
        wheel.write_bytes(content)
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                path = PurePosixPath(name)
                if path.suffix in (".c", ".h") and any(path.is_relative_to(_FOLDER / part) for part in _PARTS):
                    _write(directory.joinpath(*path.relative_to(_FOLDER).parts), archive.read(name))


def _write(file: Path, content: bytes) -> None:
    if ".." in file.parts:
        raise BuildError(f"the wheel holds a file outside its folder: {file}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _wheel(scratch: Path) -> Path:
    """The user's copy, or a new one in a folder of ours."""
    if chosen := os.environ.get(WHEEL_VARIABLE):
        if not Path(chosen).is_file():
            raise BuildError(f"{WHEEL_VARIABLE} names {chosen}, which is no file")
        return Path(chosen)
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{PACKAGE}=={PACKAGE_VERSION} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--dest", str(scratch), "-r", str(requirements)]
    try:
        with status("fetching CMSIS-NN"):
            run_tool(command)
        return next(scratch.glob("*.whl"))
    except (BuildError, StopIteration) as error:
        last = str(error).strip().splitlines()[-1:] or ["pip left no file"]
        raise BuildError(
            f"CMSIS-NN's sources can't be fetched ({last[0]}); on a machine with a network run "
            f"'pip download --no-deps {PACKAGE}=={PACKAGE_VERSION}', and name the file here in {WHEEL_VARIABLE}"
        ) from error
