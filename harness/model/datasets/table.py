"""Tables: CSV, and Parquet where pyarrow is installed. A row is a sample, a column a feature, one column the label.

The label's column is called `label`, `target` or `y`; else it is the last. Whole numbers and words are classes (words
in the order of the alphabet), numbers with a point are values. A CSV whose first row is all numbers has no names.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm
from harness.model.datasets.bounded import MOST_BYTES, explained
from harness.model.datasets.npz import labelled

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

LABELS = ("label", "target", "y")
MOST_CSV_BYTES = 2**28
MOST_COLUMNS = 100_000


class Table:
    """All rows of a `.csv` or `.parquet` file; features are taken as they are, in real units."""

    def claims(self, path: Path) -> bool:
        return path.is_file() and path.suffix.lower() in (".csv", ".parquet")

    def load(self, path: Path, form: InputForm) -> Dataset:
        import numpy as np

        try:
            table = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
        except DatasetError:
            raise
        except Exception as error:  # A hostile table draws errors of many kinds from pandas and pyarrow.
            raise DatasetError(f"{path}: is no table that can be read: {error}") from error
        if table.shape[0] < 1 or table.shape[1] < 2:
            raise DatasetError(
                f"{path}: has {table.shape[0]} rows and {table.shape[1]} columns; needs features, a label, "
                "with commas between"
            )
        named = [column for column in table.columns if str(column).strip().lower() in LABELS]
        label = named[0] if named else table.columns[-1]
        features = table.drop(columns=label)
        if features.shape[1] != prod(form.shape):
            raise DatasetError(
                f"{path}: has {features.shape[1]} features beside {str(label)!r}; the model takes {form.shape}"
            )
        samples = _numbers(path, features).astype(np.float32)
        labels, words = _labels(path, table[label])
        return replace(labelled(path, samples.reshape(-1, *form.shape), labels), class_names=words)


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    with explained(path):
        size = path.stat().st_size
        with path.open("rb") as file:
            first = file.readline(MOST_COLUMNS * 64).decode("utf-8-sig")
    if size > MOST_CSV_BYTES or first.count(",") >= MOST_COLUMNS:
        raise DatasetError(f"{path}: has more than {MOST_CSV_BYTES:,} bytes or {MOST_COLUMNS:,} columns")
    bare = all(_is_number(cell) for cell in first.strip().split(","))
    return pd.read_csv(path, header=None if bare else "infer", skipinitialspace=True)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DatasetError(
            f"{path}: Parquet needs pyarrow, which is not installed: "
            "pip install 'tinyml-harness[parquet]'; or write the table as CSV"
        ) from error
    facts = parquet.ParquetFile(path).metadata
    unpacked = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
    if max(unpacked, 8 * facts.num_rows * facts.num_columns) > MOST_BYTES:
        raise DatasetError(f"{path}: unpacks to more than {MOST_BYTES:,} bytes; give a smaller table")
    table: pd.DataFrame = parquet.read_table(path).to_pandas()
    return table


def _numbers(path: Path, features: pd.DataFrame) -> NDArray[np.float64]:
    import numpy as np

    words = [str(column) for column in features if features[column].dtype.kind not in "iufb"]
    if words:
        raise DatasetError(f"{path}: column {words[0]!r} holds other things than numbers; encode or drop it")
    numbers = features.to_numpy(np.float64)
    if not np.isfinite(numbers).all():
        row, column = np.argwhere(~np.isfinite(numbers))[0]
        name = str(features.columns[column])
        raise DatasetError(f"{path}: row {row + 1} has no number in column {name!r}; fill or drop it")
    return numbers


def _labels(path: Path, column: pd.Series) -> tuple[NDArray[np.generic], tuple[str, ...]]:
    """The labels, and the words that they were numbered by, if so."""
    import numpy as np

    if column.isna().any():
        raise DatasetError(f"{path}: row {int(column.isna().to_numpy().argmax()) + 1} has no label")
    if column.dtype.kind in "iuf":
        return column.to_numpy(), ()
    words, numbers = np.unique(column.astype(str).to_numpy(str), return_inverse=True)
    return numbers.astype(np.int64), tuple(words.tolist())
