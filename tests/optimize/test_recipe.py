"""Recipes: words in, words out, and what makes no sense is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.optimize.quantization import Quantization
from harness.optimize.recipe import AS_TRAINED, Calibration, Recipe

recipes = st.builds(
    Recipe,
    distill=st.sampled_from(["", "self", "resnet8_digits"]),
    channels=st.integers(0, 99),
    prune=st.integers(0, 99),
    cluster=st.just(0) | st.integers(2, 256),
    qat=st.just(False),
    calibration=st.sampled_from(Calibration),
    per_tensor=st.booleans(),
    epochs=st.integers(1, 1000),
) | st.builds(Recipe, prune=st.integers(0, 99), qat=st.just(True))


@given(recipes)
def test_a_recipe_is_read_back_from_its_words(recipe: Recipe) -> None:
    assert Recipe.parse(str(recipe)) == recipe
    assert Recipe.from_json(recipe.to_json()) == recipe


@given(recipes)
def test_all_conversions_share_the_training(recipe: Recipe) -> None:
    assert recipe.training.trains == recipe.trains
    assert recipe.training.is_plain


def test_words_come_in_any_order_and_none_means_as_trained() -> None:
    assert Recipe.parse("qat-channels50-prune80") == Recipe(channels=50, prune=80, qat=True)
    assert Recipe.parse("") == AS_TRAINED
    assert str(AS_TRAINED) == ""
    assert not AS_TRAINED.trains


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chanels50", ["'chanels50' is no step", "channelsPERCENT", "clusterCOUNT"]),
        ("prune50-prune60", ["'prune60' comes a second time"]),
        ("prune0", ["'prune0' is no step"]),
        ("prune100", ["prune1 to prune99"]),
        ("cluster1", ["cluster2 to cluster256"]),
        ("qat-mse", ["qat finds ranges"]),
        ("prune50-", ["'' is no step"]),
    ],
)
def test_what_is_no_recipe_is_refused_with_a_way_out(text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Recipe.parse(text)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("text", "quantization"), [("qat", "float32"), ("qat", "int16x8"), ("mse", "dynamic"), ("per_tensor", "float16")]
)
def test_a_recipe_for_other_numbers_is_refused(text: str, quantization: str) -> None:
    with pytest.raises(ConfigError, match=f"{quantization}"):
        Recipe.parse(text).check(Quantization(quantization))


def test_a_recipe_says_for_people_what_is_done() -> None:
    steps = Recipe.parse("channels50-prune80-cluster16-distill").steps()
    assert steps[0] == "50 % of the channels cut out"
    assert steps[-1] == "trained on for 10 epochs a step, taught by the model as it was"
