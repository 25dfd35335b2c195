"""Finds the trained networks of a workspace and reads them. Imports torch only when it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .plans import CONFIGURATION, read_plans
from .workspace import Workspace

LATEST = "checkpoint_latest.pth"
_FINAL = "checkpoint_final.pth"
# The class, after which nnU-Net names the folder.
_TRAINER = "BenchTrainer"


def final_checkpoint(workspace: Workspace, fold: int) -> Path:
    """Where the trained network of a fold is, or will be."""
    plans_name = read_plans(workspace)["plans_name"]
    model = f"{_TRAINER}__{plans_name}__{CONFIGURATION}"
    return workspace.root / "results" / workspace.dataset / model / f"fold_{fold}" / _FINAL


def load_checkpoint(path: Path, *, mapped: bool = False) -> dict[str, Any]:
    """Reads a checkpoint of a work folder of one's own. Never one from elsewhere: unpickling runs what it says.

    `mapped` leaves the weights in the file until they are used.
    """
    import torch

    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False, mmap=mapped)
    return checkpoint
