"""Peripherals of NXP's i.MX RT1170 (reference manual IMXRT1170RM, "RM" in what follows)."""
