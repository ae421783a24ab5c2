"""A debug probe through pyOCD: flashing, reset, and where the core is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.board.probe_connection import guard_connection
from harness.deploy.image import image_format
from harness.errors import HarnessError, ProbeError

_OPTIONS = {
    "connect_mode": "attach",
    "resume_on_disconnect": True,
    "hide_programming_progress": True,
    "chip_erase": "sector",
    "smart_flash": True,
    # pyOCD polls for the end of a reset anyway; its default rest afterwards, 0.1 s, costs more than the flashing.
    "reset.post_delay": 0.01,
}


class PyocdProbe:
    """A `Probe` on any probe that pyOCD knows."""

    def __init__(self, unique_id: str, target: str, pack: str = "") -> None:
        """Connect to the board without disturbing what it runs.

        Args:
            unique_id: as `pyocd list` shows it, or `remote:HOST:PORT`.
            target: pyOCD's name of the part.
            pack: CMSIS pack file with the part, where pyOCD does not know it by itself.

        Raises:
            ProbeError: no such probe, no such target, or no answer from the board.
        """
        from pyocd.core.helpers import ConnectHelper

        self._id = unique_id
        self._session: Any = None
        options = {**_OPTIONS, "target_override": target, **({"pack": [pack]} if pack else {})}
        with self._errors("connecting"):
            session = ConnectHelper.session_with_chosen_probe(
                unique_id=unique_id, blocking=False, return_first=True, no_config=True, options=options
            )
            if session is None:
                raise ProbeError(f"no debug probe {unique_id}: see `pyocd list`; is it plugged in, and may you use it?")
            guard_connection(session.probe)
            try:
                session.open()
            except BaseException:
                session.close()
                raise
            self._session = session

    def flash(self, image: Path) -> None:
        """Program the image and leave the core halted at its reset vector; pages that hold it already are skipped.

        It is ELF, Intel HEX, or raw bytes that go to the start of the flash.
        """
        from pyocd.flash.file_programmer import FileProgrammer

        kind = image_format(image)
        with self._errors(f"flashing {image.name}"):
            self._session.target.reset_and_halt()
            FileProgrammer(self._session, progress=_no_progress).program(str(image), file_format=kind)
            self._session.target.reset_and_halt()

    def reset(self) -> None:
        """Reset the board and let it run."""
        with self._errors("resetting"):
            self._session.target.reset()
            if self._session.target.is_halted():
                self._session.target.resume()

    def program_counter(self) -> int:
        """Halt the core and tell where it was."""
        with self._errors("reading the program counter"):
            self._session.target.halt()
            return int(self._session.target.read_core_register("pc"))

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes as the core would see them."""
        with self._errors(f"reading {size} bytes at {address:#010x}"):
            return bytes(self._session.target.read_memory_block8(address, size))

    def write_memory(self, address: int, data: bytes) -> None:
        """Write RAM, or registers."""
        with self._errors(f"writing {len(data)} bytes at {address:#010x}"):
            self._session.target.write_memory_block8(address, list(data))

    def close(self) -> None:
        """Let go of the probe; the board runs on."""
        with self._errors("disconnecting"):
            self._session.close()

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Whatever comes out of pyOCD as one of our errors: on a broken wire that may be an assertion or a KeyError."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as error:
            raise ProbeError(f"probe {self._id}: {doing}: {str(error) or type(error).__name__}") from error


def _no_progress(_share: float) -> None:
    return
