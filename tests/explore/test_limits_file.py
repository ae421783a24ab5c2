"""A limits file gives each candidate its limits, and names file and key of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.explore.limits_file import LimitsFile, read_limits_file
from harness.results.record import Candidate

KWS = Candidate("kws_ds_cnn", "int8", "tvm", "O2", "nucleo_l4r5zi")
LENET = Candidate("lenet5_digits", "float32", "tvm", "O2", "nucleo_f746zg")


def read(tmp_path: Path, text: str) -> LimitsFile:
    path = tmp_path / "limits.toml"
    path.write_text(text, encoding="utf-8")
    return read_limits_file(path)


def limits(file: LimitsFile, candidate: Candidate) -> list[str]:
    return [str(constraint) for constraint in file.limits_for(candidate)]


def test_the_example_of_the_docstring_works(tmp_path: Path) -> None:
    from harness.explore import limits_file

    lines = (limits_file.__doc__ or "").splitlines()
    file = read(tmp_path, "\n".join(line.strip() for line in lines if line.startswith("    ")))
    assert limits(file, LENET) == ["latency <= 120 ms", "ram <= 50 %"]
    assert limits(file, KWS) == ["latency <= 60 ms", "ram <= 50 %", "energy <= 5 mJ"]


def test_all_patterns_of_a_table_have_to_match(tmp_path: Path) -> None:
    file = read(tmp_path, '[[candidates]]\nmodel = "kws*"\nquantization = "float32"\nlimits = ["ram <= 5 %"]\n')
    assert limits(file, KWS) == []


@pytest.mark.parametrize("field", ["model", "quantization", "backend", "build", "board"])
def test_every_field_can_be_matched(tmp_path: Path, field: str) -> None:
    text = f'[[candidates]]\n{field} = "{getattr(KWS, field)[:-1]}?"\nlimits = ["ram <= 5 %"]\n'
    assert limits(read(tmp_path, text), KWS) == ["ram <= 5 %"]


def test_a_later_table_can_loosen_a_limit(tmp_path: Path) -> None:
    text = 'limits = ["latency <= 1 ms"]\n[[candidates]]\nmodel = "kws*"\nlimits = ["latency <= 9 ms"]\n'
    assert limits(read(tmp_path, text), KWS) == ["latency <= 9 ms"]
    assert limits(read(tmp_path, text), LENET) == ["latency <= 1 ms"]


def test_an_empty_file_limits_nothing(tmp_path: Path) -> None:
    assert limits(read(tmp_path, ""), KWS) == []


def test_a_file_of_rules_survives_json(tmp_path: Path) -> None:
    file = read(tmp_path, 'limits = ["ram <= 5 %"]\n[[candidates]]\nmodel = "k*"\nlimits = ["flash <= 1 MiB"]\n')
    assert LimitsFile.from_json(file.to_json()) == file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("limits = [", "not a TOML file"),
        ('limit = ["ram <= 5 %"]', "unknown key 'limit'; did you mean 'limits'"),
        ('limits = "ram <= 5 %"', "'limits' has to be a list of texts"),
        ("limits = [3]", "'limits' has to be a list of texts"),
        ('limits = ["rma <= 5 %"]', "'limits': 'rma <= 5 %': unknown quantity 'rma'; did you mean 'ram'"),
        ('[candidates]\nmodel = "k"', r"write \[\[candidates\]\]"),
        ("candidates = [1]", r"write \[\[candidates\]\]"),
        ('[[candidates]]\nmodel = "k"', r"\[\[candidates\]\] number 1: 'limits' is missing"),
        ("[[candidates]]\nmodel = 3\nlimits = []", "number 1: 'model' has to be a pattern in quotes"),
        (
            '[[candidates]]\nlimits = []\n[[candidates]]\nbord = "n*"\nlimits = []',
            "number 2: unknown key 'bord'; did you",
        ),
        ('[[candidates]]\nlimits = ["ram <= 5 ms"]', "number 1: 'limits': 'ram <= 5 ms'"),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read(tmp_path, text)
    assert "limits.toml: " in str(caught.value)


def test_a_file_that_is_not_text_or_not_there_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    with pytest.raises(ConfigError, match=r"limits\.toml: No such file"):
        read_limits_file(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"limits\.toml: not a TOML file"):
        read_limits_file(path)
