"""FLASH of the STM32F7."""

from harness.board.virtual.peripherals.stm32.flash import build as build
