"""Stage 6, records: what a case gave, kept on disk and read back."""

from harness.results.frame import load

__all__ = ["load"]
