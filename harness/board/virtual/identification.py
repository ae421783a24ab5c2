"""By what a virtual board's probe is known, so that what is meant for it never reaches silicon."""

from __future__ import annotations

VENDOR = "tinyml-harness"
PRODUCT = "virtual board"
