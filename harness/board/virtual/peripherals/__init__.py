"""Peripherals of the virtual boards, one a file, each a block of registers with just the behaviour firmware relies on."""
