"""pyOCD targets of the virtual boards: with a flash algorithm of their own, refused on anything but a virtual board."""

from __future__ import annotations

from typing import Any

from harness.board.spec import BoardSpec
from harness.board.virtual.algorithm_description import PAGE
from harness.board.virtual.flash_algorithm import flash_algorithm
from harness.board.virtual.flash_layout import flash_layout
from harness.board.virtual.flexspi_algorithm import SECTOR as FLEXSPI_SECTOR
from harness.board.virtual.flexspi_algorithm import flexspi_algorithm
from harness.board.virtual.identification import PRODUCT, VENDOR
from harness.board.virtual.nvmc_algorithm import SECTOR, nvmc_algorithm
from harness.deploy.target import MemoryKind

_NVMC_FAMILY = "nrf53"
_FLEXSPI_FAMILY = "imxrt1170"


def register_virtual_target(spec: BoardSpec) -> None:
    """Make a board's virtual target known to pyOCD in this process, under `spec.debug.virtual_target`."""
    from pyocd.target import TARGET

    TARGET.setdefault(spec.debug.virtual_target, _target_class(spec))


def _target_class(spec: BoardSpec) -> type:
    from pyocd.core import exceptions
    from pyocd.coresight.coresight_target import CoreSightTarget

    class VirtualTarget(CoreSightTarget):
        """A virtual microcontroller."""

        VENDOR = VENDOR

        def __init__(self, session: Any) -> None:
            super().__init__(session, _memory_map(spec))

        def create_init_sequence(self) -> Any:
            probe = self.session.probe
            if (probe.vendor_name, probe.product_name) != (VENDOR, PRODUCT):
                raise exceptions.TargetSupportError(
                    f"target {self.session.options.get('target_override')} is for virtual boards only: its flash "
                    f"algorithm was never tried on silicon, such as probe {probe.unique_id} is connected to"
                )
            return super().create_init_sequence()

    return VirtualTarget


def _memory_map(spec: BoardSpec) -> Any:
    from pyocd.core.memory_map import MemoryMap, RamRegion

    others = [
        RamRegion(name=memory.name, start=memory.origin, length=memory.size)
        for memory in spec.target.memories
        if memory.kind is MemoryKind.RAM
    ]
    return MemoryMap(*_flash_regions(spec), *others)


def _flash_regions(spec: BoardSpec) -> list[Any]:
    from pyocd.core.memory_map import FlashRegion

    flash, ram = spec.target.flash, spec.target.ram
    if spec.target.family == _NVMC_FAMILY:
        parts = [(0, flash.size, SECTOR, nvmc_algorithm(ram.origin))]
    elif spec.target.family == _FLEXSPI_FAMILY:
        parts = [(0, flash.size, FLEXSPI_SECTOR, flexspi_algorithm(ram.origin))]
    else:
        layout = flash_layout(spec.target.family, spec.mcu)
        assert layout is not None, "the board's flash controller was built from it"
        parts = [
            (run.offset, run.bytes, run.size, flash_algorithm(layout, run, flash.origin, ram.origin))
            for run in layout.runs(flash.size)
        ]
    return [
        FlashRegion(
            name=f"{flash.name}_{index}",
            start=flash.origin + offset,
            length=size,
            sector_size=sector,
            page_size=PAGE,
            is_boot_memory=offset == 0,
            algo=algorithm,
        )
        for index, (offset, size, sector, algorithm) in enumerate(parts)
    ]
