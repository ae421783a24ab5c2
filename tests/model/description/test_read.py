"""Descriptions: EdgeMark's as they are, and for all others an error that names file, key and what was expected."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ModelError
from harness.model.description import Cnn, Description, read_description
from harness.model.description.schema import description_schema, description_schema_text
from harness.model.zoo.edgemark import DESCRIPTIONS
from harness.paths import REPOSITORY

EDGEMARK = REPOSITORY.parent / "shared" / "configs" / "edgemark"
NAMES = {
    **{f"simple_{number}": f"simple_rnn_{number}" for number in range(3)},
    **{f"simple_shakespeare_{number}": f"shakespeare_{number}" for number in (1, 2)},
}
PERCEPTRON = """
model_type: CNN
denses_params: [16, 8]
denses_dropout: 0.25
use_batch_norm: true
epochs: 7
batch_size: 24
learning_rate: 0.01
learning_rate_steps: [[3, 0.1]]
validation_split: 0.2
early_stopping: 4
dataset:
  name: randomset_classification
  args: {n_samples: 100, feature_shape: [50], num_labels: 10}
random_seed: 3
"""


def read(tmp_path: Path, text: str | bytes) -> Description:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_description(path)


def test_every_key_of_a_description_counts(tmp_path: Path) -> None:
    found = read(tmp_path, PERCEPTRON)
    assert found.name == "mine"
    assert found.network == Cnn((), (16, 8), 0.0, 0.25, "relu", True)
    assert (found.data.name, found.data.args["n_samples"], found.data.args["test_ratio"]) == (
        "randomset_classification",
        100,
        0.2,
    )
    training = found.training
    assert (training.epochs, training.batch_size, training.learning_rate, training.steps) == (7, 24, 0.01, ((3, 0.1),))
    assert (training.validation_share, training.patience, found.seed) == (0.2, 4, 3)


def test_edgemarks_spelling_of_batch_normalization_in_its_code_is_taken_too(tmp_path: Path) -> None:
    network = read(tmp_path, PERCEPTRON.replace("use_batch_norm", "use_batchnorm")).network
    assert isinstance(network, Cnn)
    assert network.use_batch_norm


@pytest.mark.skipif(not EDGEMARK.is_dir(), reason=f"{EDGEMARK} is not on this machine")
def test_edgemarks_files_are_read_as_they_are_and_the_zoo_has_the_same() -> None:
    files = sorted(EDGEMARK.glob("*/*.yaml"))
    assert len(files) == 29
    ours = {one.name: one for one in DESCRIPTIONS}
    for path in files:
        found = read_description(path)
        if path.parent.name == "tinymlperf":
            assert found.training.epochs == 0
            continue
        same = ours.pop(NAMES.get(found.name, found.name.lower()))
        assert (found.network, found.data, found.training, found.seed) == (
            same.network,
            same.data,
            same.training,
            same.seed,
        )
    assert not ours


@pytest.mark.parametrize(
    ("change", "to", "expected"),
    [
        ("denses_params", "denses_param", "mine.yaml: denses_param: is no key here; did you mean denses_params?"),
        ("[16, 8]", "[16, eight]", "denses_params.1: Input should be a valid integer"),
        ("[16, 8]", "[16, 0]", "denses_params.1: Input should be greater than or equal to 1"),
        ("model_type: CNN", "model_type: ANN", "does not match any of the expected tags: 'CNN', 'RNN'"),
        ("model_type: CNN", "", "model_type"),
        ("epochs: 7", "epochs: -7", "epochs: Input should be greater than or equal to 0"),
        ("n_samples: 100", "n_sample: 100", "dataset.args.n_sample: is no key here; did you mean n_samples?"),
        ("n_samples: 100", "n_samples: 10000000000", "dataset.args.n_samples: Input should be less than or equal to"),
        ("randomset_classification", "randomset", "dataset: Input tag 'randomset' .* expected tags: 'sinus'"),
        ("randomset_classification", "stand_in", "dataset: Input tag 'stand_in'"),
        ("denses_params: [16, 8]", "convs_params: [[4, 3]]", "convs_params.0.2: Field required"),
        ("denses_params: [16, 8]", "convs_params: [[4, 0, 1]]", "needs a kernel and a stride of 1 or more"),
        ("denses_params: [16, 8]", "convs_params: [[4, 3, 1]]", r"samples of shape \(50,\), this network takes images"),
        ("[50]", "[5, 5, 1]", r"samples of shape \(5, 5, 1\), this network takes flat ones"),
        ("[50]", "[4096, 4096, 4096]", "makes more than 268,435,456 values"),
        ("epochs: 7", "augmentation: true", "augmentation: only images"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(tmp_path: Path, change: str, to: str, expected: str) -> None:
    assert change in PERCEPTRON
    with pytest.raises(ModelError, match=expected):
        read(tmp_path, PERCEPTRON.replace(change, to, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "expected keys and values"),
        ("a: [", "not YAML"),
        ("", "expected keys and values"),
        ("a: !!python/object/apply:os.system ['true']", "not YAML"),
        (b"\xff\xfe\x00", "not YAML"),
        ("[" * 30_000, "nested more than 100 levels deep"),
        ("- " * 30_000, "nested more than 100 levels deep"),
        ("a: " + "9" * 5000, "not YAML"),
        ("a" * 70_000, "is larger than 65,536 bytes"),
        ("model_type: RNN\nembedding_dim: 4\ndataset: {name: randomset_seq}", "embedding_dim: 4 does not fit"),
    ],
)
def test_what_is_no_description_is_refused_in_words(tmp_path: Path, text: str | bytes, expected: str) -> None:
    with pytest.raises(ModelError, match=expected):
        read(tmp_path, text)


def test_aliases_that_multiply_are_never_spelled_out(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ModelError) as caught:
        read(tmp_path, "\n".join([*lines, "model_type: CNN", "denses_params: *a11", "dataset: {name: sinus}"]))
    assert len(str(caught.value)) < 4000


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.yaml: no such file"):
        read_description(tmp_path / "absent.yaml")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_files_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(PERCEPTRON.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(start + 8, len(content))))
        content[start:end] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"[", b"{", b"&a ", b"*a", b"1e9", b"~"])
        )
    with suppress(ModelError):
        read(tmp_path, bytes(content))


def test_a_description_reads_itself_back(tmp_path: Path) -> None:
    found = read(tmp_path, PERCEPTRON)
    assert Description.from_json(found.to_json()) == found


def test_the_schema_for_editors_is_up_to_date() -> None:
    kept = (REPOSITORY / "docs" / "model.schema.json").read_text()
    assert kept == description_schema_text(), "write it again: harness model schema > docs/model.schema.json"
    kinds = description_schema()["discriminator"]["mapping"]
    assert {"CNN", "RNN", "TinyMLPerf_ResNet"} <= kinds.keys()
    assert "convs_params" in json.loads(kept)["$defs"]["CnnForm"]["properties"]
