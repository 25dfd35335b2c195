"""Trains the demo's Inception nnU-Net and measures it with the running statistics and with the re-estimated ones.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mswal_bench.baselines.method import Budget, Job
from mswal_bench.baselines.nnunet.checkpoints import final_checkpoint, load_checkpoint
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.trainer import BenchTrainer, bench_trainer
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.benchmark.runs.run_method import run_method
from mswal_bench.benchmark.runs.stages import Part, Stage
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.splits import five_folds

from .page import Counted

TRAIN, TEST = 100, 40
FOLD = 0
PATCH_BATCHES = 50
_PATCH_SEED = 1_000_003
"""No training's: the patches are nobody's but the measurement's."""


def measure(method: NnUNetMethod, work: Path, seeds: Sequence[int], say: Callable[[str], None]) -> list[Counted]:
    """Trains `method` with each seed and measures; what is there in the folder `work` is not made again."""
    write_phantom(work / "data", train=TRAIN, test=TEST, size="tiny", seed=0)
    found = []
    for seed in seeds:
        say(f"seed {seed}: train and predict")
        here = work / f"seed-{seed}"
        first = work / f"seed-{seeds[0]}"
        outcome = run_method(
            method,
            work / "data",
            here,
            budget=Budget.DEMO,
            selection=str(FOLD),
            device="cpu",
            seed=seed,
            check=False,
            part=Part(Stage.PREDICT, prepared_by=None if here == first else first),
        )
        say(f"seed {seed}: predict with the running statistics")
        job = _job(work, here, seed)
        running = replace(job, work=with_running_statistics(here, work / f"seed-{seed}-running"))
        before = running.work / "predicted"
        method.predict(running, [FOLD], _test_images(work), before, lambda done, total, note: None)
        counts = count_voxels(method, job, [here, running.work])
        found.append(
            Counted(
                seed=seed,
                train_voxels=counts[0],
                running_voxels=counts[2],
                re_estimated_voxels=counts[1],
                running_dsc=_mean_dsc(before, work),
                re_estimated_dsc=_mean_dsc(outcome.predictions, work),
            )
        )
        say(str(found[-1]))
    return found


def demo_method(epochs: int | None = None) -> NnUNetMethod:
    """The demo's Inception nnU-Net, trained for so many epochs, or for those of its recipe."""
    method = METHODS["inception-nnunet"]
    if not isinstance(method, NnUNetMethod):
        raise TypeError("not a method on nnU-Net v2")
    if epochs is None:
        return method
    demo = method.recipes[Budget.DEMO]
    recipe = replace(demo, training=replace(demo.training, epochs=epochs))
    return replace(method, recipes={**method.recipes, Budget.DEMO: recipe})


def with_running_statistics(work: Path, made: Path) -> Path:
    """Writes a work folder `made` that predicts as `work` does, but with the running statistics of its training."""
    own, other = Workspace.of(work), Workspace.of(made)
    other.root.mkdir(parents=True, exist_ok=True)
    for name in ("raw", "preprocessed"):
        link = other.root / name
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(own.root / name, other.root))
    checkpoint = load_checkpoint(final_checkpoint(own, FOLD))
    checkpoint["network_weights"] |= checkpoint.pop("batch_norm")["running"]
    target = final_checkpoint(other, FOLD)
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, target)
    return made


def count_voxels(method: NnUNetMethod, job: Job, works: Sequence[Path], batches: int = PATCH_BATCHES) -> list[int]:
    """How many voxels of the same patches are predicted as a lesion: in training mode, which uses no statistics that
    are kept, and in evaluation mode with those of each of `works`.

    The patches are of cases held out, each case as probable as the others.
    """
    workspace = Workspace.of(job.work)
    with workspace.entered("cpu"):
        trainer = bench_trainer(workspace, FOLD, "cpu")
        trainer.adopt(method.recipes[Budget.DEMO], lambda done, total, note: None, seed=(_PATCH_SEED, FOLD))
        trainer.initialize()
        patches, held_out = trainer.get_dataloaders()
        try:
            drawn = [next(held_out)["data"] for _ in range(batches)]
        finally:
            for loader in (patches, held_out):
                loader._finish()
    states = [load_checkpoint(final_checkpoint(Workspace.of(work), FOLD))["network_weights"] for work in works]
    return [_counted(trainer, drawn, states[0], training=True)] + [
        _counted(trainer, drawn, state, training=False) for state in states
    ]


def _counted(trainer: BenchTrainer, patches: Sequence[Tensor], state: Mapping[str, Any], *, training: bool) -> int:
    network = trainer.network
    network.load_state_dict(state)
    network.train(training)
    with torch.no_grad():
        # The first output is at full resolution, and the first class is background.
        return sum(int((network(batch)[0].argmax(dim=1) > 0).sum()) for batch in patches)


def _job(work: Path, here: Path, seed: int) -> Job:
    folds = five_folds(open_dataset(work / "data").train)
    return Job(work / "data", here, folds, Budget.DEMO, "cpu", seed)


def _test_images(work: Path) -> dict[str, Path]:
    return {case: files.image for case, files in open_dataset(work / "data").test.items()}


def _mean_dsc(predictions: Path, work: Path) -> float:
    cases = list(open_dataset(work / "data").test)
    scores = score_folders([predictions], work / "data" / "labelsTs", cases=cases, jobs=1)
    (method,) = scores.values()
    return 100 * method.average.dsc
