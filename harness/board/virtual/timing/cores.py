"""The timing model of every core."""

from __future__ import annotations

from harness.board.virtual.timing.block import TimingModel
from harness.deploy.target import Core


def timing_model(core: Core) -> TimingModel:
    """The rules that a core's cycles are counted by."""
    from harness.board.virtual.timing.cortex_m0plus import CortexM0Plus
    from harness.board.virtual.timing.cortex_m4 import CortexM4
    from harness.board.virtual.timing.cortex_m7 import CortexM7
    from harness.board.virtual.timing.cortex_m33 import CortexM33

    models: dict[Core, type[CortexM0Plus] | type[CortexM4] | type[CortexM7] | type[CortexM33]] = {
        Core.CORTEX_M0PLUS: CortexM0Plus,
        Core.CORTEX_M4: CortexM4,
        Core.CORTEX_M7: CortexM7,
        Core.CORTEX_M33: CortexM33,
    }
    return models[core]()
