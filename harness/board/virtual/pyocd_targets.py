"""pyOCD targets of the virtual boards: flash algorithms of other parts, refused on anything but a virtual board."""

from __future__ import annotations

from typing import Any

from harness.board.virtual.identification import PRODUCT, VENDOR

_PAGE = 0x4000
_BUFFERS = (0x2000_4000, 0x2000_8000)
_KIB = 1024


def register_virtual_targets() -> None:
    """Make `virtual_stm32l4r5zi` and `virtual_stm32f746zg` known to pyOCD in this process."""
    from pyocd.target import TARGET

    TARGET.setdefault("virtual_stm32l4r5zi", _target_class(_memory_map_l4r5zi))
    TARGET.setdefault("virtual_stm32f746zg", _target_class(_memory_map_f746zg))


def _target_class(memory_map: Any) -> type:
    from pyocd.core import exceptions
    from pyocd.coresight.coresight_target import CoreSightTarget

    class VirtualTarget(CoreSightTarget):
        """A virtual microcontroller."""

        VENDOR = VENDOR

        def __init__(self, session: Any) -> None:
            super().__init__(session, memory_map())

        def create_init_sequence(self) -> Any:
            probe = self.session.probe
            if (probe.vendor_name, probe.product_name) != (VENDOR, PRODUCT):
                raise exceptions.TargetSupportError(
                    f"target {self.session.options.get('target_override')} is for virtual boards only: its flash "
                    f"algorithm is another part's, and would damage what probe {probe.unique_id} is connected to"
                )
            return super().create_init_sequence()

    return VirtualTarget


def _memory_map_l4r5zi() -> Any:
    from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
    from pyocd.target.builtin.target_STM32L475xx import FLASH_ALGO

    flash = FlashRegion(
        name="flash",
        start=0x0800_0000,
        length=2048 * _KIB,
        sector_size=2 * _KIB,
        page_size=_PAGE,
        is_boot_memory=True,
        algo=_with_large_pages(FLASH_ALGO),
    )
    return MemoryMap(flash, RamRegion(name="sram", start=0x2000_0000, length=640 * _KIB))


def _memory_map_f746zg() -> Any:
    from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
    from pyocd.target.builtin.target_STM32F767xx import FLASH_ALGO

    # Start, size of a sector, and how many; all sectors of a region are alike (RM0385 table 3).
    layout = ((0x0800_0000, 32 * _KIB, 4), (0x0802_0000, 128 * _KIB, 1), (0x0804_0000, 256 * _KIB, 3))
    flash = [
        FlashRegion(
            name=f"flash_{size // _KIB}k",
            start=start,
            length=size * count,
            sector_size=size,
            page_size=_PAGE,
            is_boot_memory=start == 0x0800_0000,
            algo=_with_large_pages(FLASH_ALGO),
        )
        for start, size, count in layout
    ]
    return MemoryMap(*flash, RamRegion(name="sram", start=0x2000_0000, length=320 * _KIB))


def _with_large_pages(algorithm: dict[str, Any]) -> dict[str, Any]:
    """The same code with larger buffers: both algorithms take any length, and every call costs round trips."""
    return {**algorithm, "page_buffers": list(_BUFFERS), "min_program_length": 8}
