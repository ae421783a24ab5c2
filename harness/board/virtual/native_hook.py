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
_FLAGS = ("-O2", "-std=c11", "-shared", "-fPIC")
_REGIONS = 4

ENDS_IN_CONDITIONAL_BRANCH = 1
ENDS_IN_INDIRECT_BRANCH = 2
ENDS_IN_LOAD = 4
BEGINS_WITH_ACCESS = 8


class Block(ctypes.Structure):
    """`block_t`: what one basic block costs, and what its ends are."""

    _fields_ = (
        ("size", ctypes.c_uint16),
        ("cycles", ctypes.c_uint16),
        ("instructions", ctypes.c_uint16),
        ("flags", ctypes.c_uint8),
        ("taken_counter", ctypes.c_uint8),
    )


class Region(ctypes.Structure):
    """`region_t`: a code memory and its table of blocks."""

    _fields_ = (("origin", ctypes.c_uint64), ("size", ctypes.c_uint64), ("blocks", ctypes.POINTER(Block)))


DECODE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_uint32, ctypes.POINTER(Block))


class ClockState(ctypes.Structure):
    """`clock_state_t`: the virtual clock, shared by the hook and Python."""

    _fields_ = (
        ("cycles", ctypes.c_uint64),
        ("instructions", ctypes.c_uint64),
        ("blocks", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("stopped", ctypes.c_uint64),
        ("fall_through", ctypes.c_uint64),
        ("last", ctypes.POINTER(Block)),
        ("predicts_branches", ctypes.c_uint64),
        ("taken_cycles", ctypes.c_uint64),
        ("indirect_cycles", ctypes.c_uint64),
        ("mispredicted_cycles", ctypes.c_uint64),
        ("pipelined_load_saves", ctypes.c_uint64),
        ("regions", Region * _REGIONS),
        ("elsewhere", Block),
        ("stop", ctypes.c_void_p),
        ("decode", DECODE),
    )


class Division(ctypes.Structure):
    """`division_t`: one division instruction that is watched for a divisor of zero."""

    _fields_ = (
        ("read_register", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("divisor", ctypes.c_uint64),
        ("trapped", ctypes.POINTER(ctypes.c_uint64)),
    )


def load_hook() -> ctypes.CDLL:
    """The compiled functions that Unicorn calls: `on_block`, `on_division`, `on_register_read`.

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
