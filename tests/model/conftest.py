"""What the tests of this stage share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from harness.model.model import Model
from harness.optimize import Quantization, make_variant

SHARED = Path(__file__).resolve().parents[3] / "shared"


def _shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    return path


@pytest.fixture(scope="session")
def mlperf() -> Callable[[str], Path]:
    """The path of one of MLPerf Tiny's reference files."""
    return lambda name: _shared("models", "mlperf_tiny", f"{name}.tflite")


@pytest.fixture(scope="session")
def kws01() -> Path:
    """EEMBC's folder of 200 labelled words."""
    return _shared("data", "kws01")


@pytest.fixture(scope="session")
def lenet() -> Model:
    """A real model that needs no file: LeNet-5 in int8."""
    return make_variant("lenet5_digits", Quantization.INT8).model


@pytest.fixture(scope="session")
def edited() -> Callable[[Model, Callable[[Any], None]], bytes]:
    """Changes a model's tree of tables (`ModelT` of the schema) and gives the bytes of the file it makes."""

    def edit_model(model: Model, edit: Callable[[Any], None]) -> bytes:
        tree = schema.ModelT.InitFromPackedBuf(model.read_bytes(), 0)
        edit(tree)
        builder = flatbuffers.Builder(2**17)
        builder.Finish(tree.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    return edit_model
