"""What firmware says in EEMBC's serial protocol: lines in a stream of bytes, and messages in a line.

The words are those of github.com/mlcommons/tiny, `benchmark/api/internally_implemented.cpp`. Firmware may print other
text between them, echo its commands, or lose the end of a line; so messages are looked for wherever they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MOST_LINE_BYTES = 1 << 16
"""Results of thousands of classes take less; what is longer is cut, so that a line without end fills no memory."""


class Kind(StrEnum):
    """What a message tells."""

    READY = "ready for the next command"
    NAME = "name of the device"
    PROFILE = "name of the firmware"
    MODEL = "name of the model"
    ENERGY_MODE = "times go out over a pin"
    LAP = "time in microseconds"
    LOADED = "all announced bytes are there"
    BUFFER = "some bytes of the sample"
    RESULTS = "what the model answered"
    ERROR = "what went wrong"


_VALUES = {
    Kind.READY: r"m-ready()",
    Kind.NAME: r"m-name-\w{1,32}-\[([^\]]{0,200})\]",
    Kind.PROFILE: r"m-profile-\[([^\]]{0,200})\]",
    Kind.MODEL: r"m-model-\[([^\]]{0,200})\]",
    Kind.ENERGY_MODE: r"m-timestamp-mode-energy()",
    Kind.LAP: r"m-lap-us-(\d{1,20})",
    Kind.LOADED: r"m-load-done()",
    Kind.BUFFER: r"m-buffer-([0-9A-Fa-f-]+)",
    Kind.RESULTS: r"m-results-\[([^\]]*)\]",
    Kind.ERROR: r"(?<!profil)e-\[([^\]]*)\]?",
}
# Every pattern's group goes by the name of its kind.
_MESSAGE = re.compile("|".join(re.sub(r"\((?!\?)", f"(?P<{kind.name}>", text) for kind, text in _VALUES.items()))


@dataclass(frozen=True)
class Message:
    """One thing that the firmware said.

    Attributes:
        value: a name, digits, a list of numbers, the words of an error; empty where the kind says all.
    """

    kind: Kind
    value: str = ""


def messages_in(line: str) -> list[Message]:
    """The messages of one line, in their order; none in most lines that are not of the protocol."""
    return [
        Message(Kind[match.lastgroup], match[match.lastgroup]) for match in _MESSAGE.finditer(line) if match.lastgroup
    ]


class LineDecoder:
    """Finds the lines in a stream of bytes, ended by carriage return, line feed or both."""

    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """The lines that these bytes complete, without empty ones; what is not ASCII is shown by its number."""
        *ended, begun = data.replace(b"\r", b"\n").split(b"\n")
        lines = []
        for part in ended:
            self._append(part)
            lines.append(self._begun.decode("ascii", errors="backslashreplace"))
            self._begun.clear()
        self._append(begun)
        return [line for line in lines if line]

    def _append(self, part: bytes) -> None:
        self._begun += part[: MOST_LINE_BYTES - len(self._begun)]
