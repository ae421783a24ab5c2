"""The native part of a virtual board: compiled once with the host's C compiler, cached, called by Unicorn."""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from harness.cache import cached, sha256_of_files
from harness.errors import BuildError

_SOURCES = Path(__file__).parent / "native"
_FLAGS = ("-O3", "-std=c11", "-shared", "-fPIC")


def structure(kind: type, names: str) -> tuple[tuple[str, type], ...]:
    """Fields of one type for a ctypes structure, from their names."""
    return tuple((name, kind) for name in names.split())


def load_hook() -> ctypes.CDLL:
    """The compiled functions that Unicorn calls: `on_block`, `on_watched`, `on_register_read`.

    Raises:
        BuildError: there is no C compiler on this machine, or it refused the source.
    """
    key = {"source": sha256_of_files(_SOURCES), "flags": list(_FLAGS), "machine": platform.machine()}
    return ctypes.CDLL(str(cached("native", key, _compile) / "hooks.so"))


def native_hook(engine: Any, kind: int, function: Any, data: Any, begin: int, end: int) -> ctypes.c_size_t:
    """Have Unicorn call a C function with a pointer to `data`, which the caller keeps alive."""
    from unicorn import UcError
    from unicorn.unicorn_py3.unicorn import uclib

    handle = ctypes.c_size_t()
    status = uclib.uc_hook_add(
        engine._uch,
        ctypes.byref(handle),
        ctypes.c_int(kind),
        ctypes.cast(function, ctypes.c_void_p),
        ctypes.cast(data, ctypes.c_void_p),
        ctypes.c_uint64(begin),
        ctypes.c_uint64(end),
    )
    if status != 0:
        raise UcError(status)
    return handle


def _compile(directory: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        raise BuildError("the virtual boards need a C compiler once, and there is no cc: apt-get install gcc libc6-dev")
    command = [compiler, *_FLAGS, "-o", str(directory / "hooks.so"), *map(str, sorted(_SOURCES.glob("*.c")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr}")
