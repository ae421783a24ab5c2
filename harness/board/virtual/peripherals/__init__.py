"""Peripherals of the virtual boards, one a file: registers with just the behaviour that firmware relies on."""
