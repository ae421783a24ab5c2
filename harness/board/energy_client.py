"""An energy analyzer behind a TCP port; the protocol is that of `harness.board.virtual.analyzer_port`."""

from __future__ import annotations

from harness.board.instrument_client import InstrumentClient
from harness.board.trace import EnergyTrace

_MAX_SAMPLES = 1 << 28
_MAX_CHANNELS = 32


class EnergyClient:
    """An `EnergyAnalyzer` at `host:port`."""

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            InfrastructureError: nobody answers there.
        """
        self._client = InstrumentClient(address)

    def start(self) -> None:
        """Begin to record."""
        self._client.ask("start")

    def stop(self) -> EnergyTrace:
        """End the recording and hand it over."""
        import numpy as np

        client = self._client
        header = client.ask("stop")
        try:
            count = int(header["samples"])
            rate, voltage = float(header["sample_rate_hz"]), float(header["voltage_v"])
            names = [str(name) for name in header.get("channels", ())]
        except (KeyError, TypeError, ValueError) as error:
            raise client.failure(f"bad header: {error!r}") from error
        if not 0 <= count <= _MAX_SAMPLES or rate <= 0 or len(names) > _MAX_CHANNELS:
            raise client.failure(f"bad header: {count} samples at {rate} Hz, {len(names)} channels")
        current = client.read(8 * count)
        trigger, *channels = (np.frombuffer(client.read(count), np.uint8) != 0 for _ in range(1 + len(names)))
        return EnergyTrace(
            sample_rate_hz=rate,
            current_a=np.frombuffer(current, "<f8").astype(np.float64),
            voltage_v=voltage,
            trigger=trigger,
            channels=dict(zip(names, channels, strict=True)),
        )

    def close(self) -> None:
        """Let go of the instrument."""
        self._client.close()
