"""Defines `NnUNetMethod`, the adapter of every method that runs on nnU-Net v2. Imports torch only when it works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mswal_bench.baselines.batch_statistics import batches_of
from mswal_bench.baselines.disk_estimates import checkpoint_bytes, prepared_bytes
from mswal_bench.baselines.fidelity import FidelityCard
from mswal_bench.baselines.label_grid import LabelGrid, nnunet_grid
from mswal_bench.baselines.method import Budget, Job, Method, Report
from mswal_bench.baselines.stored_cases import StoredCase, planned_spacing_mm
from mswal_bench.baselines.weight_fit import WeightFit
from mswal_bench.splits import N_FOLDS

from .checkpoints import final_checkpoint, load_checkpoint
from .planned_grid import planned_grid
from .plans import Planning, is_planned, prepare, training_cases
from .portable_model import PortableNnUNet
from .settings import Recipe
from .shared_preparation import take_over
from .workspace import Workspace


@dataclass(frozen=True)
class NnUNetMethod(Method):
    """A method described by what it changes in nnU-Net v2: the planner, the network, the training."""

    name: str
    title: str
    publication: str
    card: FidelityCard
    planner: str
    """The class of nnU-Net's planners that plans for it."""
    recipes: Mapping[Budget, Recipe]
    network_class: str | None = None
    """Dotted path of the network that takes the place of the planned one; None keeps it."""
    planned_arguments: bool = True
    """Whether the network takes the arguments that the planner set, which are a U-Net's."""
    network_options: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the network that differ from what the planner and the recipe set."""
    output_weights: tuple[float, ...] | None = None
    """What the outputs that the network is trained on count in the loss, relative to one another: the first is at full
    resolution, every other at half the resolution of the one before; a single one is no deep supervision. None is
    nnU-Net's own: an output less than its plans have resolutions, each with half the weight of the one before and the
    lowest with none."""
    compiled: bool = True
    """Whether the network is compiled where nnU-Net does that, for training on a GPU."""
    packages: Sequence[str] = ("torch", "nnunetv2")
    variations: Mapping[str, NnUNetMethod] = field(default_factory=dict)
    """What `variants` gives."""

    def variants(self) -> Mapping[str, Method]:
        return self.variations

    @property
    def portable(self) -> PortableNnUNet:
        return PortableNnUNet(self)

    @property
    def is_deeply_supervised(self) -> bool:
        return self.output_weights is None or len(self.output_weights) > 1

    def settings(self, budget: Budget) -> Mapping[str, object]:
        return {
            "planner": self.planner,
            "network_class": self.network_class,
            "planned_arguments": self.planned_arguments,
            "network_options": dict(self.network_options),
            "output_weights": self.output_weights,
            "compiled": self.compiled,
            **self.recipes[budget].settings(),
        }

    def preparation(self, budget: Budget) -> str:
        # Of what preprocessing asks plans for, both planners set all but the patch by the same code, and the patch only
        # says how stored voxels are cut into pieces. nnU-Net's own planners share cases so. That plans agree is checked
        # when cases are taken over.
        spacing = self.recipes[budget].plan.spacing
        voxels = "as planned" if spacing is None else f"of {' x '.join(str(float(side)) for side in spacing)} mm"
        return f"nnU-Net v2, 3d_fullres, voxels {voxels}"

    def prepare(self, job: Job, report: Report) -> None:
        workspace = Workspace.of(job.work)
        workspace.link_raw(job.raw, training_cases(job.folds))
        planning = Planning(
            planner=self.planner,
            plan=self.recipes[job.budget].plan,
            network_class=self.network_class,
            planned_arguments=self.planned_arguments,
            network_options=self.network_options,
        )
        with workspace.entered(job.device):
            if job.prepared is None:
                prepare(workspace, job.folds, planning, memory_bytes=job.memory_bytes, report=report)
            else:
                take_over(workspace, Workspace.of(job.prepared), job.folds, planning, report=report)

    def parameters(self, job: Job) -> int:
        workspace = Workspace.of(job.work)
        with workspace.entered(job.device):
            from .planned_network import trainable_parameters

            return trainable_parameters(workspace, deep_supervision=self.is_deeply_supervised)

    def prepared_bytes(self, cases: Sequence[StoredCase], budget: Budget) -> int:
        return prepared_bytes(cases, self.recipes[budget].plan.spacing or planned_spacing_mm(cases))

    def label_grid(self, cases: Sequence[StoredCase], budget: Budget) -> LabelGrid:
        return nnunet_grid(cases, self.recipes[budget].plan.spacing, version=2)

    def planned_label_grid(self, work: Path) -> LabelGrid:
        return planned_grid(Workspace.of(work))

    def checkpoint_bytes(self, parameters: int, budget: Budget) -> int:
        # The best so far, the last, and the final one while it is written.
        return 3 * checkpoint_bytes(parameters, self.recipes[budget].training.optimizer)

    def trained_weights(self, work: Path) -> Mapping[int, Path]:
        workspace = Workspace.of(work)
        if not is_planned(workspace):
            return {}
        checkpoints = {fold: final_checkpoint(workspace, fold) for fold in range(N_FOLDS)}
        return {fold: checkpoint for fold, checkpoint in checkpoints.items() if checkpoint.exists()}

    def fitting_weights(self, job: Job) -> WeightFit:
        if job.start is None:
            raise ValueError("the job begins with no weights")
        workspace = Workspace.of(job.work)
        with workspace.entered(job.device):
            from .starting_weights import fitting_weights

            return fitting_weights(workspace, job.start, deep_supervision=self.is_deeply_supervised)

    def epochs(self, budget: Budget) -> int:
        return self.recipes[budget].training.epochs

    def epochs_done(self, job: Job, fold: int) -> int:
        workspace = Workspace.of(job.work)
        with workspace.entered(job.device):
            from .trainer import epochs_done

            return epochs_done(workspace, fold, self.epochs(job.budget))

    def train(self, job: Job, fold: int, report: Report) -> None:
        workspace = Workspace.of(job.work)
        with workspace.entered(job.device, compiled=self.compiled):
            from .trainer import train_fold

            train_fold(
                workspace,
                fold,
                self.recipes[job.budget],
                job.device,
                job.seed,
                output_weights=self.output_weights,
                start=job.start,
                report=report,
            )

    def statistics_batches(self, work: Path, fold: int) -> int | None:
        checkpoint = load_checkpoint(final_checkpoint(Workspace.of(work), fold), mapped=True)
        return batches_of(checkpoint, "network_weights")

    def predict(
        self, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report
    ) -> float | None:
        workspace = Workspace.of(job.work)
        with workspace.entered(job.device, compiled=self.compiled):
            from .predictor import predict_images

            recipe = self.recipes[job.budget]
            return predict_images(
                workspace,
                folds,
                images,
                out,
                mirroring=recipe.training.augmentation,
                window=recipe.plan.window,
                speck_share=recipe.speck_share,
                device=job.device,
                memory_bytes=job.memory_bytes,
                stored=job.weights,
                report=report,
            )
