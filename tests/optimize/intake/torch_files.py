"""Makes model files with PyTorch: `python -m tests.optimize.intake.torch_files DIRECTORY`; PyTorch stays in there."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import nn


def main(folder: Path) -> None:
    """A network that pools over the picture, and one that flattens it with its channels, which also comes as ONNX."""
    torch.manual_seed(0)
    pooled = nn.Sequential(
        *(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)),
    ).eval()
    torch.export.save(torch.export.export(pooled, (torch.zeros(1, 3, 8, 6),)), folder / "pooled.pt2")
    flattened = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 12, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(72, 16), nn.ReLU(), nn.Linear(16, 10)),
    ).eval()
    example = (torch.zeros(1, 3, 16, 12),)
    torch.export.save(torch.export.export(flattened, example), folder / "flattened.pt2")
    torch.onnx.export(flattened, example, folder / "flattened.onnx", dynamo=True, external_data=False, verbose=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
