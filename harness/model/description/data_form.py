"""The form of a description's data set: its name, and what its source takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt

from harness.model.datasets.sources import SOURCES

if TYPE_CHECKING:
    from pydantic import BaseModel

HIDDEN = frozenset({"stand_in"})
"""Sources that are no one's to name."""
REQUIRED = ""
"""The value of an argument that can't be left out."""
MOST_UNITS, MOST_SAMPLES, MOST_STEPS = 4096, 1_000_000, 1000
"""More than any microcontroller takes; a typing error must not take the host's memory."""

Units = Annotated[int, Ge(1), Le(MOST_UNITS)]
Seed = Annotated[int, Ge(0), Lt(2**32)]


def data_sets() -> Any:
    """The union of all forms of a data set, told apart by `name`."""
    union: Any = None
    for name in SOURCES:
        if name not in HIDDEN:
            union = _data_set(name) if union is None else union | _data_set(name)
    return union


def _data_set(name: str) -> type[BaseModel]:
    from pydantic import ConfigDict, Field, create_model

    strict = ConfigDict(extra="forbid")
    arguments: dict[str, Any] = {
        key: (_argument(key, one), ... if one == REQUIRED else one) for key, one in SOURCES[name].defaults.items()
    }
    args = create_model(f"{name}_arguments", __config__=strict, **arguments)
    fields: dict[str, Any] = {
        "name": (Literal[name], ...),
        "path": (str | None, Field(None, description="EdgeMark's loader; not used")),
        "args": (args, Field(default_factory=args)),
    }
    return create_model(f"{name}_data", __config__=strict, **fields)


def _argument(key: str, default: object) -> Any:
    """The type of an argument, from the one it has when left out."""
    if key == "path":
        return str if default == REQUIRED else str | None
    if key == "random_seed":
        return Seed | None
    if isinstance(default, bool):
        return bool
    if isinstance(default, tuple):
        return Annotated[tuple[Units, ...], Len(1, 4)]
    if isinstance(default, float):
        return Annotated[float, Gt(0), Lt(1) if key == "test_ratio" else Le(10)]
    most = {"n_samples": MOST_SAMPLES, "sequence_length": MOST_STEPS}.get(key, MOST_UNITS)
    return Annotated[int, Ge(10 if key == "n_samples" else 1), Le(most)]
