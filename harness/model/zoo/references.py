"""MLPerf Tiny's reference models, for descriptions that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.goal import Goal
from harness.model.zoo import ad_autoencoder, ic_resnet8, kws_ds_cnn, vww_mobilenet_v1

if TYPE_CHECKING:
    from harness.model.description.description import Reference


def build_reference(network: Reference, goal: Goal, batch_size: int | None) -> Any:
    """The Keras model.

    Raises:
        ModelError: the data set has other samples or classes than the benchmark.
    """
    entry = {
        "AE": ad_autoencoder.ENTRY,
        "DS_CNN": kws_ds_cnn.ENTRY,
        "MBNet": vww_mobilenet_v1.ENTRY,
        "ResNet": ic_resnet8.ENTRY,
    }[network.benchmark]
    if (goal.input_shape, goal.outputs) != (entry.goal.input_shape, entry.goal.outputs):
        raise ModelError(
            f"TinyMLPerf_{network.benchmark} takes samples of shape {entry.goal.input_shape} and gives "
            f"{entry.goal.outputs} values, the data set has {goal.input_shape} and {goal.outputs}"
        )
    if network.denses_params is not None:
        return ad_autoencoder.build(batch_size, network.denses_params)
    if network.num_filters is not None:
        builders = {"DS_CNN": kws_ds_cnn.build, "MBNet": vww_mobilenet_v1.build, "ResNet": ic_resnet8.build}
        return builders[network.benchmark](batch_size, network.num_filters)
    return entry.build(batch_size)
