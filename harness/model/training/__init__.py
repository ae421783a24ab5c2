"""Training: seeded, in a process of its own, with checkpoints; importing it is cheap."""
