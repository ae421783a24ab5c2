"""A Perfetto trace (protobuf), written as it grows: tracks of slices, and counters. Times are nanoseconds.

Format: https://perfetto.dev/docs/reference/synthetic-track-event
"""

from __future__ import annotations

from typing import IO, Any, Final

_SEQUENCE = 1


class TraceFile:
    """Writes packets to a stream; the trace is whole at any time."""

    def __init__(self, stream: IO[bytes], title: str) -> None:
        """Begin a trace whose tracks lie under one of this title."""
        from perfetto.protos.perfetto.trace import perfetto_trace_pb2  # type: ignore[import-untyped]
        from perfetto.trace_builder.proto_builder import StreamingTraceProtoBuilder  # type: ignore[import-untyped]

        self._builder: Final[Any] = StreamingTraceProtoBuilder(stream)
        event: Any = perfetto_trace_pb2.TrackEvent
        self._kinds: Final = {
            "begin": event.TYPE_SLICE_BEGIN,
            "end": event.TYPE_SLICE_END,
            "instant": event.TYPE_INSTANT,
            "counter": event.TYPE_COUNTER,
        }
        self._tracks = 0
        self._root = self._describe(title, None, None)

    def slices(self, name: str) -> SliceTrack:
        """A new track of named slices, which may nest."""
        return SliceTrack(self, self._describe(name, self._root, None))

    def counter(self, name: str, unit: str) -> CounterTrack:
        """A new track of a number that changes."""
        return CounterTrack(self, self._describe(name, self._root, unit))

    def event(self, track: int, kind: str, nanoseconds: int, *, name: str = "", value: float | None = None) -> None:
        """One event of a track: `begin`, `end`, `instant` or `counter`."""
        packet = self._packet()
        packet.timestamp = nanoseconds
        packet.track_event.type = self._kinds[kind]
        packet.track_event.track_uuid = track
        if name:
            packet.track_event.name = name
        if value is not None:
            packet.track_event.double_counter_value = value
        self._builder.write_packet(packet)

    def _describe(self, name: str, parent: int | None, unit: str | None) -> int:
        self._tracks += 1
        packet = self._packet()
        descriptor = packet.track_descriptor
        descriptor.uuid, descriptor.name = self._tracks, name
        if parent is not None:
            descriptor.parent_uuid = parent
            descriptor.sibling_order_rank = self._tracks
        else:
            descriptor.child_ordering = descriptor.EXPLICIT
        if unit is not None:
            descriptor.counter.unit_name = unit
        self._builder.write_packet(packet)
        return self._tracks

    def _packet(self) -> Any:
        packet = self._builder.create_packet()
        packet.trusted_packet_sequence_id = _SEQUENCE
        return packet


class SliceTrack:
    """Named spans of time."""

    def __init__(self, trace: TraceFile, track: int) -> None:
        """Made by `TraceFile.slices`."""
        self._trace: Final = trace
        self._track: Final = track
        self.depth = 0
        """How many slices are open."""

    def begin(self, nanoseconds: int, name: str) -> None:
        """Open a slice, within the one that is open."""
        self.depth += 1
        self._trace.event(self._track, "begin", nanoseconds, name=name)

    def end(self, nanoseconds: int) -> None:
        """Close the innermost one."""
        if self.depth:
            self.depth -= 1
            self._trace.event(self._track, "end", nanoseconds)

    def instant(self, nanoseconds: int, name: str) -> None:
        """A moment."""
        self._trace.event(self._track, "instant", nanoseconds, name=name)


class CounterTrack:
    """A number over time."""

    def __init__(self, trace: TraceFile, track: int) -> None:
        """Made by `TraceFile.counter`."""
        self._trace: Final = trace
        self._track: Final = track
        self._value: float | None = None

    def set(self, nanoseconds: int, value: float) -> None:
        """From now on it is this; nothing is written if it is already."""
        if value != self._value:
            self._value = value
            self._trace.event(self._track, "counter", nanoseconds, value=value)
