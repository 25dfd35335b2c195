"""Trains as nnU-Net does, with the benchmark's settings, checkpoints that a crash cannot damage, and progress.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from nnunetv2.training.loss.robust_ce_loss import RobustCrossEntropyLoss
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from mswal_bench.baselines.batch_statistics import (
    has_running_statistics,
    re_estimate,
    running_statistics,
    saved_along,
)
from mswal_bench.baselines.checkpoint_reading import safe_reading
from mswal_bench.baselines.kept_memory import memory_kept
from mswal_bench.baselines.method import Report
from mswal_bench.baselines.processes import use_threads
from mswal_bench.baselines.repeatable_draws import Draw, seed_draws
from mswal_bench.baselines.stop_request import StoppedError, stop_is_asked
from mswal_bench.baselines.training_guards import LossGuard, checkpoint_written_whole

from .checkpoints import LATEST, final_checkpoint, load_checkpoint
from .optimizers import optimizer_for
from .patch_loader import batches_of_statistics, numbered_batches
from .plans import CONFIGURATION, read_dataset_json, read_plans
from .settings import Recipe, Training
from .starting_weights import load_fitting
from .workspace import Workspace


class BenchTrainer(nnUNetTrainer):  # type: ignore[misc]
    """nnU-Net's trainer; `adopt` must be called before anything else."""

    def adopt(
        self,
        recipe: Recipe,
        report: Report,
        *,
        output_weights: Sequence[float] | None = None,
        seed: Sequence[int] = (0,),
    ) -> None:
        """Takes over the settings. Not part of the constructor: nnU-Net's keeps its own arguments by introspection."""
        self.training = training = recipe.training
        self.report = report
        self.seed = seed
        self.output_weights = output_weights
        self.statistics_batches = recipe.statistics_batches
        self.even_types = recipe.even_types
        self.running: dict[str, torch.Tensor] = {}
        self.enable_deep_supervision = output_weights is None or len(output_weights) > 1
        self.weight_decay = training.weight_decay
        self.num_epochs = training.epochs
        self.num_iterations_per_epoch = training.iterations_per_epoch
        self.num_val_iterations_per_epoch = training.validation_iterations
        self.initial_lr = training.learning_rate
        self.oversample_foreground_percent = training.foreground_patches
        # Checkpoints are written by age, below, not by number of epochs.
        self.save_every = training.epochs + 1
        self.written_at = monotonic()
        self.iterations_done = 0
        self.last_loss = float("nan")
        self.loss_guard = LossGuard()

    def initialize(self) -> None:
        super().initialize()
        if self.device.type == "cpu":
            # Small three-dimensional convolutions train about a quarter faster on a CPU in this layout.
            self.network: Any = self.network.to(memory_format=torch.channels_last_3d)

    def begin_with(self, start: Path) -> None:
        """Takes over what fits of the checkpoint of another training. Raises MethodError when nothing does."""
        self.initialize()
        deep = self.enable_deep_supervision
        load_fitting(self._plain_network, start, self.plans_manager, self.dataset_json, deep_supervision=deep)

    @property
    def _plain_network(self) -> Any:
        """The network out of the wrapper that it is in where torch compiles it."""
        return getattr(self.network, "_orig_mod", self.network)

    def configure_optimizers(self) -> tuple[Any, Any]:
        optimizer = optimizer_for(self.network, self.training)
        if optimizer is None:
            optimizer, _ = super().configure_optimizers()
        return optimizer, _Schedule(optimizer, self.training)

    def _get_deep_supervision_scales(self) -> list[list[float]] | None:
        """For each output the share of the patch's sides it has, (z, y, x); None without deep supervision."""
        if self.output_weights is None or not self.enable_deep_supervision:
            scales: list[list[float]] | None = super()._get_deep_supervision_scales()
            return scales
        return [[0.5**output] * 3 for output in range(len(self.output_weights))]

    def set_deep_supervision_enabled(self, enabled: bool) -> None:
        """Does nothing where a network has one output, and no decoder to tell."""
        if self.enable_deep_supervision:
            super().set_deep_supervision_enabled(enabled)

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(self) -> tuple[Any, ...]:  # noqa: N802
        rotation, flat, patch, mirror_axes = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        if not self.training.augmentation:
            # No rotation needs a margin around the patch.
            patch = self.configuration_manager.patch_size
            mirror_axes = self.inference_allowed_mirroring_axes = None
        return rotation, flat, patch, mirror_axes

    def _build_loss(self) -> Any:
        loss: Any = super()._build_loss()
        if self.output_weights is not None and self.enable_deep_supervision:
            every = sum(self.output_weights)
            loss.weight_factors = tuple(weight / every for weight in self.output_weights)
        if self.training.background_weight != 1:
            classes = torch.ones(self.label_manager.num_segmentation_heads, device=self.device)
            self._of_one_output(loss).ce = RobustCrossEntropyLoss(weight=classes)
        return loss

    def _of_one_output(self, loss: Any) -> Any:
        """nnU-Net's sum of Dice and cross-entropy, which deep supervision wraps."""
        return loss.loss if self.enable_deep_supervision else loss

    def get_dataloaders(self) -> tuple[Any, Any]:
        done = self.current_epoch
        iterations, validations = self.num_iterations_per_epoch, self.num_val_iterations_per_epoch
        # nnU-Net drops the first batch of each, so that an epoch begins with the one after the last epoch's last.
        with numbered_batches(self.seed, done * iterations, done * validations, self.even_types):
            loaders: tuple[Any, Any] = super().get_dataloaders()
        return loaders

    def get_training_transforms(
        self, patch: Any, rotation: Any, scales: Any, mirror_axes: Any, flat: bool, **options: Any
    ) -> Any:
        """nnU-Net calls this static method on the instance, so that it can be a method here."""
        if self.training.augmentation:
            return super().get_training_transforms(patch, rotation, scales, mirror_axes, flat, **options)
        options.pop("use_mask_for_norm")
        return self.get_validation_transforms(scales, **options)

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = super().train_step(batch)
        self.iterations_done += 1
        self.last_loss = float(result["loss"])
        scaled = self.grad_scaler is not None
        self.loss_guard.check(self.last_loss, self.current_epoch, self.num_epochs, scaled=scaled)
        self._tell()
        return result

    def _tell(self) -> None:
        done = self.current_epoch * self.num_iterations_per_epoch + self.iterations_done
        epoch = min(self.current_epoch + 1, self.num_epochs)
        loss = "" if np.isnan(self.last_loss) else f", loss {self.last_loss:.3f}"
        self.report(done, self.num_epochs * self.num_iterations_per_epoch, f"epoch {epoch}/{self.num_epochs}{loss}")

    def on_train_start(self) -> None:
        super().on_train_start()
        self._tell()

    def on_train_epoch_start(self) -> None:
        self.iterations_done = 0
        seed_draws(self.seed, Draw.EPOCH, self.current_epoch)
        first = self.training.background_weight
        if first != 1:
            done = self.current_epoch / max(1, self.num_epochs - 1)
            self._of_one_output(self.loss).ce.weight[0] = first ** (1 - done)
        super().on_train_epoch_start()

    def on_epoch_end(self) -> None:
        super().on_epoch_end()
        if self.current_epoch == self.num_epochs:
            if self._re_estimates:
                # Of a training that is killed meanwhile, only this is done again.
                self._save_latest()
            return
        stops = stop_is_asked()
        if stops or monotonic() - self.written_at >= self.training.checkpoint_every_s:
            self._save_latest()
        if stops:
            self._finish_loaders()
            raise StoppedError(f"The training was asked to stop, and did after epoch {self.current_epoch}.")

    def _save_latest(self) -> None:
        # save_checkpoint stores the epoch to go on with as current_epoch + 1, meant for before the increment.
        self.current_epoch -= 1
        self.save_checkpoint(str(Path(self.output_folder) / LATEST))
        self.current_epoch += 1
        self.written_at = monotonic()

    def _finish_loaders(self) -> None:
        for loader in (self.dataloader_train, self.dataloader_val):
            loader._finish()

    def on_train_end(self) -> None:
        if self._re_estimates:
            self._re_estimate()
        super().on_train_end()

    @property
    def _re_estimates(self) -> bool:
        return self.statistics_batches > 0 and has_running_statistics(self._plain_network.state_dict())

    def _re_estimate(self) -> None:
        """Puts the statistics of batch normalisations, re-estimated, in the place of the running ones."""
        self._finish_loaders()
        # What training draws stays as it is: all of it was drawn.
        seed_draws(self.seed, Draw.STATISTICS, 0)
        with batches_of_statistics(self.seed, self.even_types):
            patches, _ = super().get_dataloaders()
        try:
            self.running = running_statistics(self._plain_network)
            re_estimate(self._plain_network, self._forward, self._told(islice(patches, self.statistics_batches)))
        finally:
            patches._finish()

    def _forward(self, batch: dict[str, Any]) -> None:
        # As `train_step` does it.
        with torch.autocast("cuda", enabled=self.device.type == "cuda"):
            self._plain_network(batch["data"].to(self.device, non_blocking=True))

    def _told(self, batches: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        done = self.num_epochs * self.num_iterations_per_epoch
        for number, batch in enumerate(batches, 1):
            self.report(done, done, f"batch normalisation, batch {number}/{self.statistics_batches}")
            yield batch

    def save_checkpoint(self, filename: str) -> None:
        """Writes it whole or not at all. Raises MethodError instead of writing a network that is lost."""
        more = saved_along(self.statistics_batches, self.running) if self.running else nullcontext()
        with checkpoint_written_whole(filename, self.network) as temporary, more:
            super().save_checkpoint(temporary)

    def load_checkpoint(self, filename_or_checkpoint: str) -> None:
        """Goes on from the checkpoint of that name. Raises MethodError for one that holds more than such a one may.

        nnU-Net asks for the unsafe mode of torch; it gets the safe one, and the same content.
        """
        with safe_reading(Path(filename_or_checkpoint)):
            super().load_checkpoint(filename_or_checkpoint)

    def print_to_log_file(self, *args: Any, also_print_to_console: bool = True, add_timestamp: bool = True) -> None:
        super().print_to_log_file(*args, also_print_to_console=False, add_timestamp=add_timestamp)

    def plot_network_architecture(self) -> None:
        """nnU-Net would try a package that no longer works."""


class _Schedule:
    """The learning rate by epoch, all that nnU-Net wants of a scheduler."""

    def __init__(self, optimizer: torch.optim.Optimizer, training: Training):
        self.optimizer = optimizer
        self.training = training

    def step(self, epoch: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.training.rate(epoch)


def train_fold(
    workspace: Workspace,
    fold: int,
    recipe: Recipe,
    device: str,
    seed: int,
    *,
    output_weights: Sequence[float] | None,
    start: Path | None,
    report: Report,
) -> None:
    """Trains one fold to its end, from its last checkpoint if there is one, or else from what fits in `start`.

    On a CPU, where one process loads patches, a training that was interrupted ends with the same weights, bit by bit,
    as an undisturbed one. Raises StoppedError after an epoch when that is asked; the checkpoint is then of this epoch.
    Asked in the last one, it ends as ever: what is left takes seconds.
    """
    if final_checkpoint(workspace, fold).exists():
        return
    use_threads(device)
    choose_convolutions(device)
    # Before the network is built, which draws its weights.
    seed_draws((seed, fold), Draw.FIRST_WEIGHTS, 0)
    trainer = bench_trainer(workspace, fold, device)
    trainer.adopt(recipe, report, output_weights=output_weights, seed=(seed, fold))
    latest = Path(trainer.output_folder) / LATEST
    if latest.exists():
        trainer.load_checkpoint(str(latest))
    elif start is not None:
        trainer.begin_with(start)
    with memory_kept(device):
        trainer.run_training()


def choose_convolutions(device: str) -> None:
    """Lets a GPU try which of its convolutions is the fastest for each shape, as nnU-Net's command for training does.

    Not where someone wants the same numbers every time: which one is the fastest may be another each time.
    """
    if device == "cuda":
        torch.backends.cudnn.benchmark = not torch.backends.cudnn.deterministic


def epochs_done(workspace: Workspace, fold: int, epochs: int) -> int:
    """The epochs that are safe in a checkpoint."""
    if final_checkpoint(workspace, fold).exists():
        return epochs
    latest = final_checkpoint(workspace, fold).with_name(LATEST)
    if not latest.exists():
        return 0
    # Where all are, the statistics of batch normalisations are left, and the fold is not trained to its end.
    return min(int(load_checkpoint(latest, mapped=True)["current_epoch"]), epochs - 1)


def bench_trainer(workspace: Workspace, fold: int, device: str) -> BenchTrainer:
    plans = {**read_plans(workspace), "continue_training": False}
    return BenchTrainer(plans, CONFIGURATION, fold, read_dataset_json(workspace), torch.device(device))
