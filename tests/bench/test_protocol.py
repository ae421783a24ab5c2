"""The codec: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.bench.protocol import Frame, FrameDecoder, encode, encoded_size
from harness.bench.protocol_constants import MAX_DATA, REPLY

MAX_PAYLOAD = REPLY.size + MAX_DATA

# Runs of zeros, of 254 and of 255 bytes are where byte stuffing goes wrong.
payloads = st.one_of(
    st.binary(max_size=64),
    st.builds(
        lambda parts: b"".join(parts)[:MAX_PAYLOAD],
        st.lists(st.builds(lambda byte, count: bytes([byte]) * count, st.integers(0, 2), st.integers(0, 300))),
    ),
)
frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 65535), payloads)


@given(st.lists(frames, max_size=5), st.data())
def test_frames_survive_any_division_of_the_stream(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(encode, sent))
    decoder = FrameDecoder()
    received, position = [], 0
    while position < len(stream):
        size = data.draw(st.integers(1, len(stream) - position))
        received += decoder.feed(stream[position : position + size])
        position += size
    assert received == sent
    assert decoder.damaged == 0


@given(frames)
def test_zero_bytes_are_delimiters_only(frame: Frame) -> None:
    encoded = encode(frame)
    assert encoded[:1] == b"\0"
    assert encoded[-2:] == b"\0\0"
    assert 0 not in encoded[1:-2]
    assert len(encoded) >= encoded_size(len(frame.payload))


@given(st.lists(frames, max_size=4), st.lists(st.binary(max_size=300), min_size=5, max_size=5))
def test_garbage_between_frames_costs_none_of_them(sent: list[Frame], garbage: list[bytes]) -> None:
    stream = b"".join(noise + encode(frame) for frame, noise in zip(sent, garbage, strict=False))
    received = FrameDecoder().feed(stream)
    assert [frame for frame in received if frame in sent] == sent


@given(frames, st.data())
def test_a_changed_byte_is_never_accepted(frame: Frame, data: st.DataObject) -> None:
    encoded = bytearray(encode(frame))
    position = data.draw(st.integers(1, len(encoded) - 3))
    encoded[position] ^= data.draw(st.integers(1, 255))
    # A byte changed to zero cuts the frame in two.
    assert FrameDecoder().feed(bytes(encoded)) == []


@given(frames, st.data())
def test_a_frame_with_bytes_missing_is_never_accepted(frame: Frame, data: st.DataObject) -> None:
    encoded = encode(frame)
    start = data.draw(st.integers(1, len(encoded) - 3))
    end = data.draw(st.integers(start + 1, len(encoded) - 2))
    assert FrameDecoder().feed(encoded[:start] + encoded[end:]) == []


@given(st.binary(max_size=4000))
def test_bytes_of_no_sender_are_no_frames(noise: bytes) -> None:
    assert FrameDecoder().feed(noise + b"\0") == []


def test_an_endless_stretch_takes_no_more_memory_than_a_frame() -> None:
    decoder = FrameDecoder()
    for _ in range(100):
        assert decoder.feed(b"\xa5" * 10_000) == []
    assert decoder.pending < 2 * MAX_DATA
    frame = Frame(1, 2, b"after the noise")
    assert decoder.feed(encode(frame)) == [frame]
    assert decoder.damaged == 1


def test_a_frame_larger_than_any_is_refused_though_its_checksum_is_right() -> None:
    assert FrameDecoder().feed(encode(Frame(1, 2, bytes([7]) * (MAX_PAYLOAD + 1)))) == []
    assert len(FrameDecoder().feed(encode(Frame(1, 2, bytes([7]) * MAX_PAYLOAD)))) == 1
