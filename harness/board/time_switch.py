"""The host's hand on a virtual board's mode: timed or functional."""

from __future__ import annotations

from harness.board.instrument_client import InstrumentClient


class TimeSwitch:
    """The switch of the virtual board whose instruments are at `host:port`."""

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            InfrastructureError: nobody answers there.
        """
        self._client = InstrumentClient(address)

    def set(self, timed: bool) -> bool:
        """Switch; returns the mode that holds: the rack may have asked for one for good.

        Raises:
            InfrastructureError: the board is gone.
        """
        return bool(self._client.ask("timed" if timed else "functional")["timed"])

    def close(self) -> None:
        """Let go of it."""
        self._client.close()
