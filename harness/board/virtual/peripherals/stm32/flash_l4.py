"""FLASH of the STM32L4."""

from harness.board.virtual.peripherals.stm32.flash import build as build
