"""Ways to break a file that reach further than noise: numbers where there are numbers, parts where there are parts.

Each takes the bytes and a generator of random numbers, and gives other bytes; the same for the same seed.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

NUMBERS = (
    0,
    1,
    2,
    7,
    127,
    128,
    255,
    2**15,
    2**16,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
"""Ends of ranges, and sizes that no file here has."""


def flip(content: bytes, random: Random) -> bytes:
    """Single bits, and every second time the end cut off."""
    broken = bytearray(content[: random.randrange(len(content) + 1)] if random.randrange(2) else content)
    for _ in range(random.randint(0, 8) if broken else 0):
        broken[random.randrange(len(broken))] ^= 1 << random.randrange(8)
    return bytes(broken)


def number(content: bytes, random: Random) -> bytes:
    """A few words of the file, of 1 to 8 bytes, are one of `NUMBERS`, the file's size, or another word of it."""
    broken = bytearray(content)
    for _ in range(random.randint(1, 3)):
        width = random.choice((1, 2, 4, 4, 8))
        if len(broken) < 2 * width:
            break
        place, other = (random.randrange(len(broken) // width) * width for _ in range(2))
        value = random.choice((*NUMBERS, len(content), len(content) - 1))
        word = struct.pack("<Q", value)[:width] if random.randrange(4) else broken[other : other + width]
        broken[place : place + width] = word
    return bytes(broken)


def splice(content: bytes, random: Random) -> bytes:
    """A stretch is left out, doubled, or laid over another."""
    start, end = sorted(random.randrange(len(content) + 1) for _ in range(2))
    end = min(end, start + 4096)
    place, part = random.randrange(len(content) + 1), content[start:end]
    return random.choice(
        (
            content[:start] + content[end:],
            content[:place] + part + content[place:],
            content[:place] + part + content[place + len(part) :],
        )
    )


def tree(content: bytes, random: Random) -> bytes:
    """JSON of which a part is something else, or comes many times."""
    return json.dumps(mutated_tree(json.loads(content), random)).encode()


def mutated_tree(root: Any, random: Random) -> Any:
    """A tree of lists and dictionaries, with one or two parts replaced."""
    holder = {"root": root}
    for _ in range(random.randint(1, 2)):
        places = list(_places(holder))
        parent, key = random.choice(places)
        parent[key] = _replacement(parent[key], random)
    return holder["root"]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _replacement(value: Any, random: Random) -> Any:
    nested: Any = value
    for _ in range(random.choice((1, 50, 99, 101, 400))):
        nested = [nested] if random.randrange(2) else {"config": nested}
    plain: tuple[Any, ...] = (
        None,
        True,
        "",
        "x" * 2000,
        "\0\u202e",
        -1,
        0.5,
        float("nan"),
        float("inf"),
        10**400,
        [],
        {},
        [[]],
    )
    many = [value] * random.choice((2, 50))
    return random.choice((random.choice(plain), random.choice(NUMBERS), -random.choice(NUMBERS), nested, many))


def member(inner: Callable[[str], tuple[Mutation, ...]]) -> Mutation:
    """A mutation of one file in a zip archive, of its name, or of how it is packed.

    Args:
        inner: what may be done to the file of a name.
    """

    def mutate(content: bytes, random: Random) -> bytes:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [(name, archive.read(name)) for name in archive.namelist()]
        chosen = random.randrange(len(files))
        name, held = files[chosen]
        kind = random.randrange(8)
        if kind == 0:
            files[chosen] = (random.choice(("../x", "a" * 5000, "x\0y", name + "/", "config.json")), held)
        elif kind == 1:
            del files[chosen]
        elif kind == 2:
            files[chosen] = (name, held * 200)
        else:
            files[chosen] = (name, random.choice(inner(name))(held, random))
        packing = zipfile.ZIP_STORED if random.randrange(4) else random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w", packing) as archive:
            for each, part in files:
                archive.writestr(each, part)
        return output.getvalue()

    return mutate


def message(content: bytes, random: Random) -> bytes:
    """Fields of a protocol buffer, at any depth: left out, many times, in themselves, of another number or length."""
    fields = list(_fields(content))
    if not fields:
        return number(content or b"\0" * 8, random)
    chosen = random.randrange(len(fields))
    tag, payload = fields[chosen]
    wire = tag & 7
    if wire == 2 and len(payload) > 2 and random.randrange(4):
        fields[chosen] = (tag, message(payload, random))
    else:
        _change(fields, chosen, random)
    return b"".join(_varint(tag) + _payload(tag & 7, payload) for tag, payload in fields)


def _change(fields: list[tuple[int, bytes]], chosen: int, random: Random) -> None:
    tag, payload = fields[chosen]
    kind = random.randrange(6)
    if kind == 0:
        del fields[chosen]
    elif kind == 1:
        fields[chosen:chosen] = [fields[chosen]] * random.choice((1, 40))
    elif kind == 2:
        fields[chosen] = (random.choice((tag ^ 8, tag + 16, tag ^ 1)), payload)
    elif tag & 7 == 0:
        fields[chosen] = (tag, _varint(random.choice(NUMBERS)))
    elif kind == 3 and tag & 7 == 2:
        for _ in range(random.choice((5, 90, 200))):
            payload = _varint(tag) + _payload(2, payload)
        fields[chosen] = (tag, payload)
    else:
        fields[chosen] = (tag, random.choice((flip, number))(payload, random) if payload else b"\xff" * 9)


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and payload of each field; nothing where it is no message."""
    found, place = [], 0
    while place < len(content):
        tag, place = _read_varint(content, place)
        wire, start = tag & 7, place
        if wire == 2:
            length, start = _read_varint(content, place)
            place = start + length
        elif wire == 0:
            _, place = _read_varint(content, place)
        else:
            place += {1: 8, 5: 4}.get(wire, len(content))
        if place > len(content) or tag < 8:
            return
        found.append((tag, content[start:place]))
    yield from found


def _read_varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(content) and shift < 64:
        value |= (content[place] & 0x7F) << shift
        shift, place = shift + 7, place + 1
        if content[place - 1] < 0x80:
            return value, place
    return 0, len(content) + 1


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(parts) + bytes([value])


def _payload(wire: int, payload: bytes) -> bytes:
    return _varint(len(payload)) + payload if wire == 2 else payload
