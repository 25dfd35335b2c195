"""Finds the trained networks of a workspace and reads them. Imports torch only when it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mswal_bench.baselines.checkpoint_reading import read_checkpoint

from .plans import CONFIGURATION, read_plans
from .workspace import Workspace

LATEST = "checkpoint_latest.pth"
_FINAL = "checkpoint_final.pth"
# The class, after which nnU-Net names the folder.
TRAINER = "BenchTrainer"


def final_checkpoint(workspace: Workspace, fold: int) -> Path:
    """Where the trained network of a fold is, or will be."""
    plans_name = read_plans(workspace)["plans_name"]
    model = f"{TRAINER}__{plans_name}__{CONFIGURATION}"
    return workspace.root / "results" / workspace.dataset / model / f"fold_{fold}" / _FINAL


def load_checkpoint(path: Path, *, mapped: bool = False) -> dict[str, Any]:
    """Reads a checkpoint, and runs nothing that it names; `mapped` leaves the weights in the file until they are used.

    Raises MethodError for a file that holds more than such a checkpoint may, or no weights of a network.
    """
    return read_checkpoint(path, "network_weights", mapped=mapped)
