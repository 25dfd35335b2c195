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
    planned_arguments: bool = True
    """Whether the network takes the arguments that the planner set, which are a U-Net's."""
    network_options: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the network that differ from what the planner and the recipe set."""
    outputs: int | None = None
    """How many outputs the network is trained on: the first at full resolution, every other at half the resolution of
    the one before and with half its weight; 1 is no deep supervision. None is nnU-Net's own: as many as its plans have
    resolutions less one, the lowest without weight."""
    compiled: bool = True
    """Whether the network is compiled for training where nnU-Net does that, on a GPU."""
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
            "planned_arguments": self.planned_arguments,
            "network_options": dict(self.network_options),
            "outputs": self.outputs,
            "compiled": self.compiled,
            **asdict(self.recipes[budget]),
        }

    def prepare(self, job: Job, report: Report) -> None:
        workspace = _workspace(job)
        workspace.link_raw(job.raw)
        with workspace.entered(job.device):
            from .plans import prepare

            prepare(
                workspace,
                job.folds,
                self.planner,
                self.network_class,
                self.network_options,
                self.recipes[job.budget].plan,
                planned_arguments=self.planned_arguments,
                report=report,
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

            train_fold(
                workspace,
                fold,
                self.recipes[job.budget].training,
                job.device,
                job.seed,
                outputs=self.outputs,
                compiled=self.compiled,
                report=report,
            )

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
                window=recipe.plan.window,
                speck_share=recipe.speck_share,
                device=job.device,
                report=report,
            )


def _workspace(job: Job) -> Workspace:
    return Workspace(job.work / "nnunet")
