"""FLASH of any STM32 as a part of the chip: what its registers make of the memory that firmware is linked to."""

from __future__ import annotations

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.flash_layout import LAYOUTS, flash_layout
from harness.board.virtual.peripherals.flash import ACCESS_CONTROL, FlashController
from harness.errors import ConfigError


def build(connections: Connections, entry: PeripheralEntry) -> FlashController:
    """The controller that the family's layout describes; it sets what accesses of flash cost.

    Raises:
        ConfigError: no layout is known by the family's name.
    """
    layout = flash_layout(connections.family.name, connections.spec.mcu)
    if layout is None:
        families = ", ".join(sorted(LAYOUTS))
        raise ConfigError(f"family {connections.family.name}: {entry.name}: there are flash layouts of {families}")
    controller = FlashController(connections.engine, connections.flash, layout)

    def apply() -> None:
        options = controller.stored(layout.options) if layout.options is not None else 0
        layout.access.apply(connections.memory_timing, controller.stored(ACCESS_CONTROL), options)

    controller.on_access_control = apply
    return controller
