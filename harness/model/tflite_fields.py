"""Every table of a `.tflite` file as plain fields, through the `tflite` schema package, with every access in bounds.

The Python runtime of FlatBuffers has no verifier. So all of the file that can be reached from its root is read here,
once, through a table class that checks each offset before it is followed; what comes out is plain Python.

The three vectors that grow with a model come as `Rows`, which reads a table when it is asked for: as fields they take
many times their place in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from flatbuffers import number_types
from flatbuffers.table import Table

from harness.errors import ModelError
from harness.model.file_bounds import MOST_INFLATION

Fields = dict[str, Any]
"""A table by the schema's names; a vector of numbers is a read-only numpy view, one of tables a sequence of fields."""

MOST_TABLES = 200_000
SLACK = 2**20
"""Bytes that reading may take beside `MOST_INFLATION` times the file."""
_MADE = {"Buffer": 130, "Operator": 800, "Tensor": 500}
"""Bytes of Python's that become of a table, about; others are dropped, but for those in a list."""
_LISTED_MADE = 500
_INTEGER_MADE = 40
"""Of a number that becomes an object in a tuple: shapes, and what an operator takes and gives."""
_STREAMED = ("Buffers", "Operators", "Tensors")
_UNIONS = {
    "BuiltinOptions": "BuiltinOptions",
    "BuiltinOptions2": "BuiltinOptions2",
    "Details": "QuantizationDetails",
    "ArraySegments": "SparseIndexVector",
    "ArrayIndices": "SparseIndexVector",
}


def _corrupt(words: str) -> ModelError:
    return ModelError(f"is truncated or corrupt: {words}")


class _Budget:
    """Bounds work and memory by the file's size: offsets that all lead to one place would else multiply them."""

    def __init__(self, size: int) -> None:
        self.bytes_left = 2 * size + 4096
        self.tables_left = MOST_TABLES
        self.memory_left = MOST_INFLATION * size + SLACK

    def spend(self, nbytes: int, tables: int = 0, memory: int = 0) -> None:
        """Count what is read, and roughly what is made of it.

        Raises:
            ModelError: it is more than any model has.
        """
        self.bytes_left -= nbytes
        self.tables_left -= tables
        self.memory_left -= memory
        if min(self.bytes_left, self.tables_left, self.memory_left) < 0:
            raise _corrupt("its tables overlap, or are more than any model has")


class _CheckedTable(Table):  # type: ignore[misc]
    """A table of which every access is checked against the end of the file."""

    __slots__ = ("budget", "size", "vtable", "vtable_size")

    def __init__(self, content: bytes, position: int, budget: _Budget) -> None:
        super().__init__(content, position)
        self.budget = budget
        self.vtable = position - self.Get(number_types.SOffsetTFlags, position)
        self.vtable_size = self.Get(number_types.VOffsetTFlags, self.vtable)
        self.size = self.Get(number_types.VOffsetTFlags, self.vtable + 2)
        self._require(self.vtable, self.vtable_size)
        self._require(position, self.size)
        if self.vtable_size < 4 or self.vtable_size % 2 or self.size < 4:
            raise _corrupt(f"no table at byte {position}")
        budget.spend(self.size, tables=1)

    def _require(self, position: int, nbytes: int) -> None:
        if position < 0 or nbytes < 0 or position + nbytes > len(self.Bytes):
            raise _corrupt(f"it points to bytes {position:,} to {position + nbytes:,}, but has {len(self.Bytes):,}")

    def Get(self, flags: Any, position: int) -> Any:  # noqa: N802
        self._require(position, flags.bytewidth)
        if position % flags.bytewidth:
            raise _corrupt(f"byte {position:,} can't hold a number of {flags.bytewidth} bytes")
        return super().Get(flags, position)

    def Offset(self, entry: int) -> int:  # noqa: N802
        if entry + 2 > self.vtable_size:
            return 0
        offset: int = self.Get(number_types.VOffsetTFlags, self.vtable + entry)
        if offset >= self.size:
            raise _corrupt(f"a field of the table at byte {self.Pos:,} lies outside it")
        return offset

    def Indirect(self, position: int) -> int:  # noqa: N802
        target: int = position + self.Get(number_types.UOffsetTFlags, position)
        self._require(target, 4)
        return target

    def String(self, position: int) -> bytes:  # noqa: N802
        start = self.Indirect(position)
        length = self.Get(number_types.UOffsetTFlags, start)
        self._require(start + 4, length + 1)
        self.budget.spend(length, memory=2 * length)
        if self.Bytes[start + 4 + length]:
            raise _corrupt(f"the string at byte {start:,} has no end")
        return bytes(self.Bytes[start + 4 : start + 4 + length])

    def Vector(self, offset: int) -> int:  # noqa: N802
        return self.Indirect(self.Pos + offset) + 4

    def VectorLen(self, offset: int) -> int:  # noqa: N802
        start = self.Indirect(self.Pos + offset)
        length: int = self.Get(number_types.UOffsetTFlags, start)
        self._require(start + 4, length)
        return length

    def GetVectorAsNumpy(self, flags: Any, offset: int) -> Any:  # noqa: N802
        nbytes = self.VectorLen(offset) * flags.bytewidth
        self._require(self.Vector(offset), nbytes)
        integers = self.VectorLen(offset) if flags is number_types.Int32Flags else 0
        self.budget.spend(nbytes, memory=integers * _INTEGER_MADE)
        return super().GetVectorAsNumpy(flags, offset)

    def Union(self, table: Table, offset: int) -> None:  # noqa: N802
        table.Pos = self.Indirect(self.Pos + offset)
        table.Bytes = self.Bytes


class _Accessors:
    """What the generated class of a table offers: its fields, told apart by kind."""

    def __init__(self, kind: type) -> None:
        methods = {name for name in vars(kind) if not name.startswith(("_", "GetRootAs")) and name != "Init"}
        vectors = {name for name in methods if f"{name}Length" in methods}
        helpers = {f"{name}{suffix}" for name in vectors for suffix in ("Length", "AsNumpy", "IsNone")}
        self.numbers = sorted(name for name in vectors if f"{name}AsNumpy" in methods)
        self.children = sorted(vectors - set(self.numbers))
        plain = {name for name in methods - vectors - helpers if not name.endswith("BufferHasIdentifier")}
        self.unions = sorted(plain & _UNIONS.keys())
        self.singles = sorted(plain - set(self.unions))


@cache
def _accessors_of(name: str) -> _Accessors:
    import tflite

    return _Accessors(getattr(tflite, name))


def read_fields(content: bytes) -> Fields:
    """All tables that the file's root reaches, as fields of `Model` in the schema.

    Raises:
        ModelError: an offset, length or table does not fit in the file.
    """
    import tflite

    root = tflite.Model()
    budget = _Budget(len(content))
    start = int.from_bytes(content[:4], "little")
    return _fields(root, content, start, budget)


def _fields(table: Any, content: bytes, position: int, budget: _Budget) -> Fields:
    table._tab = checked = _CheckedTable(content, position, budget)
    kind = type(table).__name__
    budget.spend(0, memory=_MADE.get(kind, 0))
    accessors = _accessors_of(kind)
    fields: Fields = {name: _plain(getattr(table, name)(), checked) for name in accessors.singles}
    if "BuiltinCode" in fields:
        fields["BuiltinCode"] = _builtin_code(checked)
    for name in accessors.children:
        rows = Rows(table, name, checked)
        fields[name] = rows if name in _STREAMED else list(rows)
    for name in accessors.numbers:
        vector = getattr(table, f"{name}AsNumpy")()
        fields[name] = None if isinstance(vector, int) else vector
    for name in accessors.unions:
        fields[name] = _union(table, name, fields[f"{name}Type"], checked)
    return fields


def _builtin_code(operator_code: _CheckedTable) -> int:
    """As stored. The package gives an old operator's deprecated code instead, which LiteRT's quantizer leaves out."""
    offset = operator_code.Offset(10)
    return int(operator_code.Get(number_types.Int32Flags, offset + operator_code.Pos)) if offset else 0


class Rows(Sequence[Any]):
    """A vector of tables, each read anew whenever it is asked for."""

    def __init__(self, table: Any, name: str, parent: _CheckedTable) -> None:
        self._read, self._parent = getattr(table, name), parent
        self._count: int = getattr(table, f"{name}Length")()
        parent.budget.spend(4 * self._count, memory=0 if name in _STREAMED else _LISTED_MADE * self._count)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return _plain(self._read(index), self._parent)


def _plain(value: Any, parent: _CheckedTable) -> Any:
    """A number, string or None as it is; a table as its fields."""
    if not hasattr(value, "_tab"):
        return value
    return _fields(value, parent.Bytes, value._tab.Pos, parent.budget)


def _union(table: Any, name: str, kind: int, parent: _CheckedTable) -> Fields | None:
    """The fields of a union's table; None where there is none, or it is of a newer schema than ours."""
    import tflite

    kinds = {number: kind for kind, number in vars(getattr(tflite, _UNIONS[name])).items() if not kind.startswith("_")}
    found = getattr(table, name)()
    if found is None or kind == 0 or kind not in kinds:
        return None
    return _fields(getattr(tflite, kinds[kind])(), parent.Bytes, found.Pos, parent.budget)
