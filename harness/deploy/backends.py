"""The backends that are installed."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from harness.deploy.backend import Backend
from harness.errors import ConfigError

GROUP = "tinyml_harness.backends"
"""Entry points of this group name a class without constructor arguments that is a `Backend`."""

_BUILT_IN = {
    "cmsis_nn": "harness.deploy.cmsis_nn.backend:CmsisNnBackend",
    "emlearn": "harness.deploy.emlearn.backend:EmlearnBackend",
    "portable_c": "harness.deploy.portable_c.backend:PortableCBackend",
    "tflm": "harness.deploy.tflm.backend:TflmBackend",
    "tvm": "harness.deploy.tvm.backend:TvmBackend",
}


def backend_names() -> list[str]:
    """Names that `find_backend` takes."""
    return sorted(_BUILT_IN.keys() | entry_points(group=GROUP).names)


def find_backend(name: str) -> Backend:
    """The backend of this name, one of ours or one installed beside us.

    Raises:
        ConfigError: there is none of this name, or it can't be loaded; the text lists those there are.
    """
    found = entry_points(group=GROUP, name=name)
    entry = next(iter(found), None) or _built_in(name)
    if entry is None:
        raise ConfigError(f"no backend is called {name!r}; there are {', '.join(backend_names())}")
    try:
        backend: Backend = entry.load()()
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigError(f"backend {name!r} ({entry.value}) can't be loaded: {error}") from error
    return backend


def _built_in(name: str) -> EntryPoint | None:
    return EntryPoint(name, _BUILT_IN[name], GROUP) if name in _BUILT_IN else None
