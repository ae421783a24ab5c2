"""Peripherals of STM32 microcontrollers; names of registers and bits are those of ST's reference manuals."""
