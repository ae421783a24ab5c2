"""Peripherals of Nordic's nRF53 (nRF5340 Product Specification, "PS" in what follows)."""
