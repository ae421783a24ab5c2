"""Hardware-in-the-loop test harness and design-space explorer for neural networks on microcontrollers."""

__version__ = "0.1.0"
