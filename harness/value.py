"""The base of the plain values that one stage hands the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from harness.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True)
class Value:
    """A frozen dataclass that writes itself to JSON and reads itself back, with every type checked on the way in."""

    # JSON has no infinity: a difference from a board that computes NaN is one.
    __pydantic_config__: ClassVar[dict[str, str]] = {"ser_json_inf_nan": "strings"}

    def to_json(self) -> str:
        """This value as one line of JSON."""
        return _adapter(type(self)).dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read back what `to_json` wrote.

        Raises:
            ConfigError: the text is not JSON, or a field is missing or of the wrong type.
        """
        from pydantic import ValidationError

        try:
            value: Self = _adapter(cls).validate_json(text)
        except ValidationError as error:
            raise ConfigError(f"not a {cls.__name__}: {error}") from error
        return value


_adapters: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """The validator of a class, built once: building it takes longer than using it."""
    from pydantic import TypeAdapter

    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in _adapters:
        _adapters[name] = TypeAdapter(kind)
    return _adapters[name]
