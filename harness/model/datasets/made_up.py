"""Data sets that are computed: a sine, and noise of any shape. The same seed gives the samples EdgeMark has."""

from __future__ import annotations

from math import pi, prod
from typing import TYPE_CHECKING, Any

from harness.model.datasets.source import Arguments, Source, Split, real, shape, whole
from harness.model.goal import Goal, classify, regress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STAND_IN_SAMPLES = 1000
STAND_IN_BYTES = 2**26
"""No more than these, and fewer samples where they are large."""


def _generator(arguments: Arguments) -> np.random.RandomState:
    import numpy as np

    return np.random.RandomState(whole(arguments, "random_seed"))


def _split(x: NDArray[Any], y: NDArray[Any], arguments: Arguments) -> Split:
    return Split.first_for_test(x, y, real(arguments, "test_ratio"))


def _sinus(arguments: Arguments) -> Split:
    """`y = sin(x) / 2 + 1/2` at random places of one period."""
    import numpy as np

    x = _generator(arguments).uniform(0, 2 * pi, whole(arguments, "n_samples"))
    x = x[_generator(arguments).permutation(len(x)), None]
    return _split(x.astype(np.float32), (np.sin(x) / 2 + 0.5).astype(np.float32), arguments)


def _random_classes(arguments: Arguments) -> Split:
    import numpy as np

    generator = _generator(arguments)
    x = generator.rand(whole(arguments, "n_samples"), *shape(arguments, "feature_shape")).astype(np.float32)
    return _split(x, generator.randint(0, whole(arguments, "num_labels"), len(x)).astype(np.int64), arguments)


def _random_values(arguments: Arguments) -> Split:
    import numpy as np

    generator = _generator(arguments)
    x = generator.rand(whole(arguments, "n_samples"), *shape(arguments, "feature_shape")).astype(np.float32)
    return _split(x, generator.rand(len(x), 1).astype(np.float32), arguments)


def _sequence_goal(arguments: Arguments) -> Goal:
    """The next element of a random sequence: a value, or the number of an entry."""
    inputs, outputs = whole(arguments, "input_size"), whole(arguments, "output_size")
    length, sequential = whole(arguments, "sequence_length"), bool(arguments["sequential_output"])
    if arguments["using_embedding"]:
        goal = classify((length,), outputs, (0, inputs - 1))
    else:
        goal = regress((length, inputs), outputs)
    ends = (goal.input_shape, goal.outputs, goal.activation, goal.loss, goal.metric, goal.input_range)
    return Goal(*ends, bool(arguments["using_embedding"]), sequential)


def _random_sequences(arguments: Arguments) -> Split:
    import numpy as np

    generator, outputs = _generator(arguments), whole(arguments, "output_size")
    count, inputs = whole(arguments, "n_samples"), whole(arguments, "input_size")
    steps = whole(arguments, "sequence_length") + 1
    x: NDArray[Any]
    y: NDArray[Any]
    if arguments["using_embedding"]:
        x = generator.randint(0, inputs, (count, steps)).astype(np.int32)
        y = x if outputs == inputs else generator.randint(0, outputs, (count, steps))
        y = y.astype(np.int64)
    else:
        x = generator.rand(count, steps, inputs).astype(np.float32)
        y = x if outputs == inputs else generator.rand(count, steps, outputs).astype(np.float32)
    return _split(x[:, :-1], y[:, 1:] if arguments["sequential_output"] else y[:, -1], arguments)


def _stand_in_goal(arguments: Arguments) -> Goal:
    return Goal.from_json(str(arguments["goal"]))


def _stand_in(arguments: Arguments) -> Split:
    """Noise in the place of a data set that is not at hand."""
    import numpy as np

    goal, generator = _stand_in_goal(arguments), np.random.default_rng(whole(arguments, "random_seed"))
    count = max(10, min(STAND_IN_SAMPLES, STAND_IN_BYTES // (4 * prod(goal.input_shape))))
    low, high = goal.input_range
    x: NDArray[Any]
    y: NDArray[Any]
    if goal.indices:
        x = generator.integers(int(low), int(high) + 1, (count, *goal.input_shape), dtype=np.int32)
    else:
        x = (low + (high - low) * generator.random((count, *goal.input_shape))).astype(np.float32)
    length = goal.input_shape[:1] if goal.sequential else ()
    if goal.metric == "accuracy":
        y = generator.integers(0, goal.outputs, (count, *length))
    else:
        y = generator.random((count, *length, goal.outputs), dtype=np.float32)
    return Split.first_for_test(x, y, 0.2)


_COMMON: Arguments = {"n_samples": 1000, "test_ratio": 0.2, "random_seed": 42}
_SEQUENCE: Arguments = {"input_size": 32, "output_size": 32, "sequence_length": 100}
_SEQUENCE_FORM: Arguments = {"sequential_output": True, "using_embedding": False}

MADE_UP = {
    "sinus": Source(
        "a sine",
        {**_COMMON, "n_samples": 100_000},
        lambda _: regress((1,), activation="sigmoid", input_range=(0.0, 2 * pi)),
        _sinus,
    ),
    "randomset_classification": Source(
        "noise in classes",
        {**_COMMON, "feature_shape": (50,), "num_labels": 10},
        lambda arguments: classify(shape(arguments, "feature_shape"), whole(arguments, "num_labels")),
        _random_classes,
        noise=True,
    ),
    "randomset_regression": Source(
        "noise with values",
        {**_COMMON, "feature_shape": (50,)},
        lambda arguments: regress(shape(arguments, "feature_shape")),
        _random_values,
        noise=True,
    ),
    "randomset_seq": Source(
        "noise in sequences", {**_COMMON, **_SEQUENCE, **_SEQUENCE_FORM}, _sequence_goal, _random_sequences, noise=True
    ),
    "stand_in": Source("noise", {"goal": "", "random_seed": 42}, _stand_in_goal, _stand_in, noise=True),
}
"""By the names that EdgeMark gives them; `stand_in` is no name that a description may use."""
