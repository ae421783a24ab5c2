"""Every error the harness raises on purpose: one root, one class a kind; a message names the thing and the way out."""

from __future__ import annotations


class HarnessError(Exception):
    """Root of all errors that a user can cause or mend; its text is fit to be shown without a traceback."""


class ConfigError(HarnessError):
    """A board, rack, limits or option file or value is not what it has to be."""


class ModelError(HarnessError):
    """A model file can't be read: truncated, corrupt, or not of the format its name claims."""


class DatasetError(HarnessError):
    """A data set is missing, malformed, or does not fit the model's input."""


class UnsupportedModelError(HarnessError):
    """A backend can't compile a model; the text lists every operator or type it lacks, with the layer."""


class BuildError(HarnessError):
    """Code generation, compiling or linking failed; the text carries the tool's own words."""


class DoesNotFitError(HarnessError):
    """Firmware is larger than a memory of its target.

    Attributes:
        memory: name of the memory that overflowed, as in the board file.
        missing_bytes: how many bytes it lacks.
    """

    def __init__(self, memory: str, missing_bytes: int) -> None:
        super().__init__(f"does not fit: {memory} lacks {missing_bytes:,} bytes")
        self.memory = memory
        self.missing_bytes = missing_bytes


class ResultsError(HarnessError):
    """A run or its records can't be found, read or written."""


class InfrastructureError(HarnessError):
    """The board, its cable, probe or power failed, not the firmware: worth a retry, never the model's fault."""


class LeaseError(InfrastructureError):
    """No matching board of the rack became free in time."""


class ConsoleError(InfrastructureError):
    """The console broke: the port vanished, or what arrived is not the protocol even after retries."""


class ProbeError(InfrastructureError):
    """The debug probe can't reach, flash or reset the board."""


class FirmwareError(HarnessError):
    """The firmware under test failed on a board that works."""


class FirmwareHangError(FirmwareError):
    """The firmware did not answer in time; the text says where it was found."""


class FirmwareFaultError(FirmwareError):
    """The firmware took a processor fault; the text carries the fault registers and the symbol."""
