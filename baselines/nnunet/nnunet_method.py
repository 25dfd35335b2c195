"""`NnUNetMethod`: the adapter of every method that runs on nnU-Net v2. Imports torch only when it works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..method import Budget, Job, Method, Report
from .settings import Recipe
from .workspace import Workspace


@dataclass(frozen=True)
class NnUNetMethod(Method):
    """A method described by what it changes in nnU-Net v2: the planner, the network, the training."""

    name: str
    title: str
    publication: str
    planner: str
    """The class of nnU-Net's planners that plans for it."""
    recipes: Mapping[Budget, Recipe]
    network_class: str | None = None
    """Dotted path of the network that takes the place of the planned one; None keeps it."""
    network_options: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the network that differ from what the planner set."""
    variant_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By variant, the arguments of the network that take the place of `network_options`."""

    def variants(self) -> Mapping[str, Method]:
        return {
            variant: replace(self, name=f"{self.name}-{variant}", network_options=options, variant_options={})
            for variant, options in self.variant_options.items()
        }

    def settings(self, budget: Budget) -> Mapping[str, object]:
        return {
            "planner": self.planner,
            "network_class": self.network_class,
            "network_options": dict(self.network_options),
            **asdict(self.recipes[budget]),
        }

    def prepare(self, job: Job, report: Report) -> None:
        workspace = _workspace(job)
        workspace.link_raw(job.raw)
        with workspace.entered(job.device):
            from .plans import prepare

            recipe = self.recipes[job.budget]
            prepare(
                workspace,
                job.folds,
                self.planner,
                self.network_class,
                dict(self.network_options),
                recipe.network,
                report,
            )

    def epochs(self, budget: Budget) -> int:
        return self.recipes[budget].training.epochs

    def epochs_done(self, job: Job, fold: int) -> int:
        workspace = _workspace(job)
        with workspace.entered(job.device):
            from .trainer import epochs_done

            return epochs_done(workspace, fold, self.epochs(job.budget))

    def train(self, job: Job, fold: int, report: Report) -> None:
        workspace = _workspace(job)
        with workspace.entered(job.device):
            from .trainer import train_fold

            train_fold(workspace, fold, self.recipes[job.budget].training, job.device, job.seed, report)

    def predict(self, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report) -> None:
        workspace = _workspace(job)
        with workspace.entered(job.device):
            from .predictor import predict_images

            recipe = self.recipes[job.budget]
            predict_images(
                workspace,
                folds,
                images,
                out,
                mirroring=recipe.training.augmentation,
                window=recipe.network.window if recipe.network is not None else None,
                speck_share=recipe.speck_share,
                device=job.device,
                report=report,
            )


def _workspace(job: Job) -> Workspace:
    return Workspace(job.work / "nnunet")
