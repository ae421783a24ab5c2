"""Registers that nobody models: plain storage, each named in the log once."""

from __future__ import annotations

import json
import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.cache import cached

_LOG = logging.getLogger(__name__)
_BLOCK = 0x400
_MOST_NAMED = 200
_ARCHIVE = Path("debug") / "svd" / "svd_data.zip"


class RegisterNames:
    """Names of registers by address, from a family's file and pyOCD's CMSIS-SVD archive, opened when first asked."""

    def __init__(self, svd: str, origins: Mapping[str, int]) -> None:
        """`svd`: a file of the archive, or empty; `origins`: of peripherals, by name."""
        self._svd: Final = svd
        self._origins: Final = sorted((origin, name) for name, origin in origins.items())

    def name(self, address: int) -> str:
        """`PERIPHERAL.REGISTER`, `PERIPHERAL+offset` where only that is known, or the address."""
        if name := self._registers.get(address & ~3):
            return name
        index = bisect_right(self._origins, (address, "\uffff")) - 1
        if index >= 0 and address - self._origins[index][0] < _BLOCK:
            origin, name = self._origins[index]
            return f"{name}+{address - origin:#x}"
        return "a register"

    @cached_property
    def _registers(self) -> dict[int, str]:
        if not self._svd:
            return {}
        # Not imported: that takes a second.
        package = find_spec("pyocd")
        if package is None or package.origin is None:
            return {}
        archive = Path(package.origin).parent / _ARCHIVE
        key = {"archive": str(archive), "size": archive.stat().st_size, "file": self._svd}
        found = cached("svd", key, lambda directory: _extract(archive, self._svd, directory)) / "names.json"
        return {int(address): name for address, name in json.loads(found.read_text()).items()}


class Unmodelled(RegisterBlock):
    """The kilobyte around an address that no peripheral of the family's file answers."""

    def __init__(self, origin: int, note: Callable[[int], None]) -> None:
        """Have `note` called with the address of each register when it is first accessed."""
        super().__init__(f"{origin:#010x}", origin, _BLOCK)
        self._note: Final = note
        self._noted: Final[set[int]] = set()

    def read(self, offset: int) -> int:
        """What was written."""
        self._look(offset)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Remember it."""
        self._look(offset)
        super().write(offset, value)

    def _look(self, offset: int) -> None:
        if offset not in self._noted:
            self._noted.add(offset)
            self._note(self.origin + offset)


class UnmodelledRegisters:
    """Makes blocks for what is not modelled, and logs the first 200 registers of them."""

    def __init__(self, names: RegisterNames) -> None:
        """Name registers so."""
        self._names: Final = names
        self._named = 0

    def block(self, address: int) -> RegisterBlock:
        """A block of storage around an address."""
        return Unmodelled(address & ~(_BLOCK - 1), self._note)

    def _note(self, address: int) -> None:
        self._named += 1
        if self._named <= _MOST_NAMED:
            _LOG.warning("%s at %#010x is not modelled: plain storage", self._names.name(address), address)
        if self._named == _MOST_NAMED:
            _LOG.warning("further registers that are not modelled are not named")


def _extract(archive: Path, name: str, directory: Path) -> None:
    """Write the names of an SVD file's registers, by address, to `names.json`."""
    import zipfile

    with zipfile.ZipFile(archive) as opened:
        root = ElementTree.fromstring(opened.read(name))
    peripherals = {one.findtext("name", ""): one for one in root.iter("peripheral")}
    names: dict[str, str] = {}
    for title, peripheral in peripherals.items():
        origin = int(peripheral.findtext("baseAddress", "0"), 0)
        described = peripherals.get(peripheral.get("derivedFrom", ""), peripheral)
        for register in described.iter("register"):
            address = origin + int(register.findtext("addressOffset", "0"), 0)
            names.setdefault(str(address & ~3), f"{title}.{register.findtext('name', '')}")
    (directory / "names.json").write_text(json.dumps(names))
