"""Lines and messages of EEMBC's protocol: found in whatever pieces and among whatever else they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.bench.mlperf.lines import MOST_LINE_BYTES, Kind, LineDecoder, Message, messages_in

words = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="[]"), max_size=30)
numbers = st.lists(st.floats(0, 1000, allow_nan=False).map(lambda value: f"{value:.6f}"), min_size=1, max_size=12)
spoken = st.one_of(
    st.just(("m-ready", Message(Kind.READY))),
    st.just(("m-load-done", Message(Kind.LOADED))),
    st.just(("m-timestamp-mode-energy", Message(Kind.ENERGY_MODE))),
    words.map(lambda word: (f"m-name-dut-[{word}]", Message(Kind.NAME, word))),
    words.map(lambda word: (f"m-profile-[{word}]", Message(Kind.PROFILE, word))),
    words.map(lambda word: (f"m-model-[{word}]", Message(Kind.MODEL, word))),
    words.map(lambda word: (f"e-[{word}]", Message(Kind.ERROR, word))),
    st.integers(0, 2**32 - 1).map(lambda time: (f"m-lap-us-{time}", Message(Kind.LAP, str(time)))),
    st.binary(min_size=1, max_size=8).map(
        lambda some: (f"m-buffer-{some.hex('-')}", Message(Kind.BUFFER, some.hex("-")))
    ),
    numbers.map(lambda some: (f"m-results-[{','.join(some)}]", Message(Kind.RESULTS, ",".join(some)))),
)
chatter = st.sampled_from(
    ["", "m-warmup-done", "m-infer-start-10", "m-[Expecting 490 bytes]", "booting mbed 6.15", "%%"]
)


@given(st.lists(st.tuples(spoken, chatter, st.sampled_from(["\r\n", "\n", "\r", "\n\r\n"])), max_size=12), st.data())
def test_every_message_is_found_in_whatever_pieces_the_bytes_come(
    lines: list[tuple[tuple[str, Message], str, str]], draw: st.DataObject
) -> None:
    stream = "".join(f"{noise}{end}{text}{end}" for (text, _), noise, end in lines).encode()
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = LineDecoder()
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = [message for piece in pieces for line in decoder.feed(piece) for message in messages_in(line)]
    assert found == [message for (_, message), _, _ in lines]


@given(st.lists(spoken, min_size=1, max_size=4), chatter)
def test_messages_are_found_behind_an_echo_and_where_line_ends_were_lost(
    said: list[tuple[str, Message]], echo: str
) -> None:
    # A lost line end may join two words; only the digits of two numbers in a row could not be told apart.
    line = "infer 1 0%" + echo + " ".join(text for text, _ in said)
    assert messages_in(line) == [message for _, message in said]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_make_printable_lines(pieces: list[bytes]) -> None:
    decoder = LineDecoder()
    for piece in pieces:
        for line in decoder.feed(piece):
            assert line
            assert line.isascii()
            messages_in(line)


def test_a_line_without_end_fills_no_memory() -> None:
    decoder = LineDecoder()
    for _ in range(100):
        assert decoder.feed(b"x" * 10_000) == []
    (line,) = decoder.feed(b"\n")
    assert len(line) == MOST_LINE_BYTES


def test_a_comma_at_the_end_of_the_results_stays_to_be_judged() -> None:
    # As the reference firmware for visual wake words prints them.
    assert messages_in("m-results-[0.100,0.900,]") == [Message(Kind.RESULTS, "0.100,0.900,")]
