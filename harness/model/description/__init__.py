"""Models described in YAML instead of brought as files; importing it is cheap."""

from __future__ import annotations

from harness.model.description.description import Cnn, Description, Reference, Rnn
from harness.model.description.read import read_description

__all__ = ["Cnn", "Description", "Reference", "Rnn", "read_description"]
