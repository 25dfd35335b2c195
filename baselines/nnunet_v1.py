"""Defines nnU-Net v1: the package `nnunet` as its authors released it, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .batch_statistics import batches_of
from .checkpoint_reading import read_checkpoint
from .disk_estimates import checkpoint_bytes, prepared_bytes_v1
from .fidelity import FidelityCard, Setting
from .label_grid import LabelGrid, nnunet_grid
from .method import Budget, Job, Method, Report
from .nnunet.card_settings import BATCH_DICE
from .nnunet.settings import Training
from .nnunet.short_budgets import DEMO, SMOKE, SMOKE_STATISTICS_BATCHES, STATISTICS_BATCHES
from .nnunet1.child_process import run_in_child
from .nnunet1.memory_needs import bytes_to_prepare
from .nnunet1.planned_grid import planned_grid
from .nnunet1.raw_task import lay_out_task
from .nnunet1.settings import Recipe, SmallNetwork
from .nnunet1.workspace import Workspace
from .stored_cases import StoredCase, planned_spacing_mm
from .too_large_cases import refuse_too_large
from .worker_memory import room_for_workers

_STEPS = f"{__package__}.nnunet1"


@dataclass(frozen=True)
class NnUNetV1(Method):
    """nnU-Net v1 with a recipe for each budget; that of `paper` is v1 itself."""

    packages = ("torch", "nnunet")
    extras = "train,nnunet1"

    name: str
    title: str
    publication: str
    recipes: Mapping[Budget, Recipe]
    card: FidelityCard

    def settings(self, budget: Budget) -> Mapping[str, object]:
        return {
            "planner": "ExperimentPlanner3D_v21",
            "trainer": "nnUNetTrainerV2",
            "configuration": "3d_fullres",
            **self.recipes[budget].settings(),
        }

    def prepare(self, job: Job, report: Report) -> None:
        workspace = _workspace(job)
        cases = {case for fold in job.folds for case in (*fold.train, *fold.validation)}
        refuse_too_large(bytes_to_prepare(job.raw, cases), job.memory_bytes)
        # What a killed preparation left may be half-written, and v1 would build on it.
        for folder in (workspace.raw_base, workspace.preprocessed):
            shutil.rmtree(folder, ignore_errors=True)
        lay_out_task(job.raw, cases, workspace.task)
        network = self.recipes[job.budget].network
        _run(
            job,
            "preparation:prepare",
            report,
            folds=[{"train": fold.train, "val": fold.validation} for fold in job.folds],
            small=None if network is None else asdict(network),
            memory_bytes=_memory_of_child(job),
        )

    def prepared_bytes(self, cases: Sequence[StoredCase], budget: Budget) -> int:
        return prepared_bytes_v1(cases, planned_spacing_mm(cases))

    def label_grid(self, cases: Sequence[StoredCase], budget: Budget) -> LabelGrid:
        return nnunet_grid(cases, None, version=1)

    def planned_label_grid(self, work: Path) -> LabelGrid:
        return planned_grid(Workspace(work / "nnunet").plans)

    def checkpoint_bytes(self, parameters: int, budget: Budget) -> int:
        # The last, and the next one while it is written.
        return 2 * checkpoint_bytes(parameters, self.recipes[budget].training.optimizer)

    def epochs(self, budget: Budget) -> int:
        return self.recipes[budget].training.epochs

    def epochs_done(self, job: Job, fold: int) -> int:
        workspace = _workspace(job)
        if workspace.final_checkpoint(fold).exists():
            return self.epochs(job.budget)
        latest = workspace.latest_checkpoint(fold)
        if not latest.exists():
            return 0
        # v1 itself reads it the unsafe way, in the process of its own alone.
        done = int(read_checkpoint(latest, "epoch", mapped=True)["epoch"])
        # Where all are, the statistics of batch normalisations are left, and the fold is not trained to its end.
        return min(done, self.epochs(job.budget) - 1)

    def train(self, job: Job, fold: int, report: Report) -> None:
        recipe = asdict(self.recipes[job.budget])
        _run(job, "trainer:train", report, fold=fold, recipe=recipe, device=job.device, seed=job.seed)

    def statistics_batches(self, work: Path, fold: int) -> int | None:
        checkpoint = Workspace(work.resolve() / "nnunet").final_checkpoint(fold)
        return batches_of(read_checkpoint(checkpoint, "state_dict", mapped=True), "state_dict")

    def predict(self, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report) -> None:
        out.mkdir(parents=True, exist_ok=True)
        if all((out / f"{case}.nii.gz").exists() for case in images):
            return
        _run(
            job,
            "prediction:predict",
            report,
            folds=list(folds),
            # Not where links lead: a file's ending, which says how to read it, may be the link's alone.
            images={case: str(image.absolute()) for case, image in images.items()},
            out=str(out.absolute()),
            recipe=asdict(self.recipes[job.budget]),
            device=job.device,
            memory_bytes=_memory_of_child(job),
        )

    def parameters(self, job: Job) -> int:
        on_cpu = replace(job, device="cpu")
        recipe = asdict(self.recipes[job.budget])
        return int(_run(on_cpu, "trainer:count_parameters", lambda done, total, note: None, recipe=recipe))


def _workspace(job: Job) -> Workspace:
    return Workspace(job.work.resolve() / "nnunet")


def _memory_of_child(job: Job) -> int | None:
    """What is left of the job's memory beside this process; None: what is free."""
    return None if job.memory_bytes is None else room_for_workers(job.memory_bytes).bytes


def _run(job: Job, step: str, report: Report, **request: Any) -> Any:
    workspace = _workspace(job)
    return run_in_child(
        f"{_STEPS}.{step}",
        {"root": str(workspace.root), **request},
        workspace.environment(job.device),
        workspace.log,
        report,
    )


_CODE = "nnunet 1.7.1, nnUNetTrainerV2"

_CARD = FidelityCard(
    summary="nnU-Net v1 as released, with its mean of softmax and its post-processing",
    mswal_paper=(Setting("method", "nnU-Net v1", "Table 2, which names no setting"),),
    own_paper=(
        Setting("planner", "ExperimentPlanner3D_v21", "nnunet 1.7.1", ("planner",)),
        Setting("trainer", "nnUNetTrainerV2", "nnunet 1.7.1", ("trainer",)),
        Setting("epochs", "1,000 of 250 iterations", _CODE, ("training.epochs", "training.iterations_per_epoch")),
        Setting(
            "optimiser",
            "SGD, Nesterov momentum 0.99, weight decay 3e-5, gradients clipped at 12",
            _CODE,
            ("training.optimizer", "training.weight_decay"),
        ),
        Setting(
            "learning rate",
            "0.01 at first, times (1 - e/E) ** 0.9 in epoch e of E",
            _CODE,
            ("training.learning_rate", "training.decay_exponent"),
        ),
        Setting("patches with a lesion", "a share of 0.33 in each batch", _CODE, ("training.foreground_patches",)),
        Setting(
            "augmentation",
            "on: v1's own (moreDA), and the mean over flips at prediction",
            _CODE,
            ("training.augmentation",),
        ),
        Setting("precision", "mixed on a GPU", _CODE),
        BATCH_DICE,
        Setting("prediction", "the mean softmax of five folds (`--fold all`)", "section Methods"),
        Setting(
            "post-processing",
            "of a class whose mean Dice over the validation cases of all folds grows by it, only the largest component "
            "stays",
            "section Methods; consolidate_folds",
        ),
    ),
    chosen=(
        Setting(
            "configuration",
            "3d_fullres",
            "v1 can train several and pick the best; the MSWAL paper does not say which ran",
            ("configuration",),
        ),
        Setting(
            "one fold alone",
            "no post-processing",
            "v1's prediction applies what is determined on all five folds, and warns where that is not there",
        ),
        Setting("seed", "that of the run, for first weights and patches", "v1 draws both without one by default"),
    ),
    differences=(
        "Volumes are exported by v1's own code, which holds the softmax of all classes on the image's grid, 9 GB for "
        "512 x 512 x 1,089 voxels, and more than once while it resamples; how much was not measured.",
        "Volumes are prepared and predicted by v1's own code as well, which is the slower way: that of the methods on "
        "nnU-Net v2, plane by plane, is not used, for this is nnU-Net v1 itself.",
        "v1's checkpoint of the best epoch so far, which its prediction does not use, is not written, nor its picture "
        "of the losses after every epoch.",
        "It runs on a newer torch, numpy and batchgenerators than it was released with.",
    ),
    parameters=30_789_984,
    parameters_of="planned for volumes of 276 x 512 x 512 voxels of 1 x 0.78 x 0.78 mm: patch 96 x 160 x 160, six "
    "stages of 32 to 320 channels, two convolutions in each",
)

METHOD = NnUNetV1(
    name="nnunet-v1",
    title="nnU-Net v1",
    publication="Isensee et al., Nature Methods 18, 203-211 (2021)",
    recipes={
        Budget.PAPER: Recipe(Training()),
        Budget.DEMO: Recipe(
            DEMO.training,
            SmallNetwork(patch=(32, 32, 32), window=(64, 64, 88), batch_size=4, features=8, poolings=3),
            DEMO.speck_share,
            STATISTICS_BATCHES,
        ),
        Budget.SMOKE: Recipe(
            SMOKE.training,
            SmallNetwork(patch=(32, 32, 32), window=(64, 64, 64), batch_size=2, features=4, poolings=2),
            statistics_batches=SMOKE_STATISTICS_BATCHES,
        ),
    },
    card=_CARD,
)
