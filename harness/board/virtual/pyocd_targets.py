"""pyOCD targets of the virtual boards: with a flash algorithm of their own, refused on anything but a virtual board."""

from __future__ import annotations

from typing import Any

from harness.board.spec import BoardSpec
from harness.board.virtual.flash_algorithm import PAGE, flash_algorithm
from harness.board.virtual.flash_layout import LAYOUTS
from harness.board.virtual.identification import PRODUCT, VENDOR
from harness.deploy.target import MemoryKind


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
    from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion

    target = spec.target
    flash, ram = target.flash, target.ram
    layout = LAYOUTS[target.family]
    regions = [
        FlashRegion(
            name=f"{flash.name}_{index}",
            start=flash.origin + run.offset,
            length=run.bytes,
            sector_size=run.size,
            page_size=PAGE,
            is_boot_memory=run.offset == 0,
            algo=flash_algorithm(layout, run, flash.origin, ram.origin),
        )
        for index, run in enumerate(layout.runs(flash.size))
    ]
    others = [
        RamRegion(name=memory.name, start=memory.origin, length=memory.size)
        for memory in target.memories
        if memory.kind is MemoryKind.RAM
    ]
    return MemoryMap(*regions, *others)
