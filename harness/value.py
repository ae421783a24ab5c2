"""The base of the plain values that one stage hands the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from harness.errors import ConfigError


@dataclass(frozen=True)
class Value:
    """A frozen dataclass that writes itself to JSON and reads itself back, with every type checked on the way in."""

    def to_json(self) -> str:
        """This value as one line of JSON."""
        from pydantic import TypeAdapter

        return TypeAdapter(type(self)).dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read back what `to_json` wrote.

        Raises:
            ConfigError: the text is not JSON, or a field is missing or of the wrong type.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            raise ConfigError(f"not a {cls.__name__}: {error}") from error
