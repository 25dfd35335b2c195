"""Lists the tools that are asked, with their versions and how each is installed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = "mswal-bench"


@dataclass(frozen=True)
class Tool:
    """A tool, and what a fresh environment needs to ask it."""

    name: str
    module: str
    """Is the module beside this one that asks it."""
    asked: str
    """Names what was called, for the page."""
    package: str = ""
    version: str = ""
    """Is empty where constraints.txt has it."""
    repository: str = ""
    commit: str = ""
    """Is named for what is asked from its source."""

    @property
    def pinned(self) -> str:
        return self.version or constraints()[self.package.lower()]

    @property
    def told_version(self) -> str:
        return f"source of commit {self.commit[:7]}" if self.commit else self.pinned


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {name.lower(): version for name, version in pairs}


TOOLS = (
    Tool("nnU-Net", "of_nnunet", "`nnUNetv2_evaluate_simple`, reading with SimpleITK", "nnunetv2"),
    Tool("panoptica", "of_panoptica", "`Panoptica_Evaluator` on semantic maps, `Panoptica_Aggregator`", "panoptica"),
    Tool("MONAI", "of_monai", "`DiceMetric`, `HausdorffDistanceMetric`, `PanopticQualityMetric`", "monai"),
    Tool("MedPy", "of_medpy", "`dc`, `hd95`, `obj_tpr`", "MedPy"),
    Tool("torchmetrics", "of_torchmetrics", "`DiceScore`, `HausdorffDistance`, `MeanIoU`", "torchmetrics", "1.9.0"),
    Tool("seg-metrics", "of_seg_metrics", "`write_metrics`", "seg-metrics", "1.2.8"),
    Tool(
        "surface-distance",
        "of_surface_distance",
        "`compute_dice_coefficient`, `compute_robust_hausdorff`",
        repository="https://github.com/google-deepmind/surface-distance",
        commit="1f805cea446805e559badc80dd27f34175e4173d",
    ),
    Tool(
        "MetricsReloaded",
        "of_metrics_reloaded",
        "`BinaryPairwiseMeasures`, `AssignmentMapping`, `ProcessEvaluation`",
        repository="https://github.com/Project-MONAI/MetricsReloaded",
        commit="cb38dfc0a5ed4fa3bdc559e4960b6e2b93c3b967",
    ),
)
