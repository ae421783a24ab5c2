"""Every quantity the harness records: its unit, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Better(Enum):
    """The direction in which a quantity improves."""

    LOWER = -1
    HIGHER = 1


@dataclass(frozen=True)
class Quantity:
    """What a name in a record means.

    Attributes:
        title: for people.
        unit: SI; `B` for bytes, `1` for counts and ratios.
        capacity: `flash` or `ram` where a limit in per cent means per cent of the board's memory, else empty.
        share: a ratio of at most 1, which people read and write in per cent.
    """

    title: str
    unit: str
    better: Better
    capacity: str = ""
    share: bool = False


METRICS = {
    "perplexity": "perplexity",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "auc": "AUC",
    "mae": "MAE",
    "rmse": "RMSE",
}
"""How right answers to labelled samples are, with short names for people. The first that there is, is what counts."""

_JUDGEMENTS = {
    "accuracy": Quantity("top-1 accuracy", "1", Better.HIGHER, share=True),
    "macro_f1": Quantity("F1 score, mean over the classes", "1", Better.HIGHER),
    "auc": Quantity("area under the ROC curve", "1", Better.HIGHER),
    "mae": Quantity("mean absolute error, in the output's unit", "1", Better.LOWER),
    "rmse": Quantity("root mean squared error, in the output's unit", "1", Better.LOWER),
    "perplexity": Quantity("perplexity", "1", Better.LOWER),
}

QUANTITIES: dict[str, Quantity] = {
    "latency": Quantity("latency of one inference", "s", Better.LOWER),
    "cycles": Quantity("core cycles of one inference", "1", Better.LOWER),
    "energy": Quantity("energy of one inference", "J", Better.LOWER),
    "power": Quantity("mean power during inference", "W", Better.LOWER),
    "flash": Quantity("flash", "B", Better.LOWER, "flash"),
    "flash_weights": Quantity("flash: weights and constants of the model", "B", Better.LOWER, "flash"),
    "flash_kernels": Quantity("flash: kernels that compute the model", "B", Better.LOWER, "flash"),
    "flash_runtime": Quantity("flash: C and compiler libraries", "B", Better.LOWER, "flash"),
    "flash_base": Quantity("flash: base firmware", "B", Better.LOWER, "flash"),
    "ram": Quantity("RAM, stack included", "B", Better.LOWER, "ram"),
    "ram_model": Quantity("RAM: the model's static data, arena included", "B", Better.LOWER, "ram"),
    "ram_runtime": Quantity("RAM: C and compiler libraries", "B", Better.LOWER, "ram"),
    "ram_base": Quantity("RAM: base firmware", "B", Better.LOWER, "ram"),
    "stack": Quantity("RAM: stack, by watermark", "B", Better.LOWER, "ram"),
    "arena": Quantity("RAM: arena", "B", Better.LOWER, "ram"),
    "arena_lower_bound": Quantity("lower bound of the arena", "B", Better.LOWER, "ram"),
    **{name: replace(one, title=f"on the board: {one.title}") for name, one in _JUDGEMENTS.items()},
    **{f"host_{name}": replace(one, title=f"on the host: {one.title}") for name, one in _JUDGEMENTS.items()},
    "model_size": Quantity("size of the model's file", "B", Better.LOWER),
    "model_gzip": Quantity("size of the model's file under gzip", "B", Better.LOWER),
    "sparsity": Quantity("share of zeros among the model's weights", "1", Better.HIGHER, share=True),
    "max_difference": Quantity("largest difference from the host (integers: in steps)", "1", Better.LOWER),
    "runtime_difference": Quantity("largest difference from the runtime's own interpreter", "1", Better.LOWER),
    "mean_difference": Quantity("mean difference from the host", "1", Better.LOWER),
    "argmax_agreement": Quantity("share of samples with the host's top class", "1", Better.HIGHER, share=True),
}
