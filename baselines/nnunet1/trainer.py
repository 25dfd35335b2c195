"""Trains as nnU-Net v1 does, with the benchmark's settings, checkpoints that a crash cannot damage, and progress.

Runs in the process of v1, which importing this module imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from nnunet.run.default_configuration import get_default_configuration
from nnunet.training.loss_functions.crossentropy import RobustCrossEntropyLoss
from nnunet.training.network_training import network_trainer
from nnunet.training.network_training import nnUNetTrainer as trainer_module  # noqa: N813
from nnunet.training.network_training.nnUNet_variants.architectural_variants.nnUNetTrainerV2_BN import (
    nnUNetTrainerV2_BN,
)
from nnunet.training.network_training.nnUNet_variants.data_augmentation.nnUNetTrainerV2_noDA import (
    nnUNetTrainerV2_noDataAugmentation,
)
from nnunet.training.network_training.nnUNetTrainerV2 import nnUNetTrainerV2

from mswal_bench.baselines.batch_statistics import re_estimate, running_statistics, saved_along
from mswal_bench.baselines.kept_memory import memory_kept
from mswal_bench.baselines.method import Report
from mswal_bench.baselines.nnunet.optimizers import optimizer_for
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.processes import use_threads
from mswal_bench.baselines.repeatable_draws import Draw, NumberedBatches, seed_draws
from mswal_bench.baselines.stop_request import StoppedError, stop_is_asked
from mswal_bench.baselines.training_guards import LossGuard, checkpoint_written_whole

from .export import Export, remove_unfinished
from .settings import Recipe, SmallNetwork
from .workspace import TASK, Workspace


class BenchTrainer(nnUNetTrainerV2):  # type: ignore[misc]
    """v1's own trainer, network and augmentation. `choose_trainer` sets the settings, of the class: at prediction v1
    makes an instance of its own."""

    recipe: Recipe
    report: Report
    seed: Sequence[int] = (0,)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        training = self.training = self.recipe.training
        self.max_num_epochs = training.epochs
        self.num_batches_per_epoch = training.iterations_per_epoch
        self.num_val_batches_per_epoch = training.validation_iterations
        self.initial_lr = training.learning_rate
        self.weight_decay = training.weight_decay
        self.oversample_foreground_percent = training.foreground_patches
        # Checkpoints are written by age, below, not by number of epochs; the best is one that nothing reads.
        self.save_intermediate_checkpoints = False
        self.save_best_checkpoint = False
        self.written_at = monotonic()
        self.iterations_done = 0
        self.loss_guard = LossGuard()
        self.cases_validated = 0
        self.validating = False

    def initialize(self, training: bool = True, force_load_plans: bool = False) -> None:
        super().initialize(training, force_load_plans)
        if not training:
            self._use_window()
            return
        if self.training.background_weight != 1:
            weights = torch.ones(self.num_classes, device=next(self.network.parameters()).device)
            # The sum of Dice and cross-entropy, which deep supervision wraps.
            self.loss.loss.ce = RobustCrossEntropyLoss(weight=weights)

    def _use_window(self) -> None:
        if self.recipe.network is not None:
            self.patch_size = np.array(self.recipe.network.window)

    def initialize_network(self) -> None:
        super().initialize_network()
        if not torch.cuda.is_available():
            # Small three-dimensional convolutions train faster on a CPU in this layout.
            self.network: Any = self.network.to(memory_format=torch.channels_last_3d)

    def initialize_optimizer_and_scheduler(self) -> None:
        super().initialize_optimizer_and_scheduler()
        chosen = optimizer_for(self.network, self.training)
        if chosen is not None:
            self.optimizer = chosen

    def maybe_update_lr(self, epoch: int | None = None) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.training.rate(self.epoch + 1 if epoch is None else epoch)

    def run_training(self) -> None:
        self._tell(float("nan"))
        # v1 drops the first batch of each, so that an epoch begins with the one after the last epoch's last.
        self._number_batches(self.tr_gen, Draw.TRAINING_BATCH, self.epoch * self.num_batches_per_epoch)
        self._number_batches(self.val_gen, Draw.VALIDATION_BATCH, self.epoch * self.num_val_batches_per_epoch)
        seed_draws(self.seed, Draw.EPOCH, self.epoch)
        super().run_training()
        # v1 leaves the workers that cut patches running.
        self.tr_gen._finish()
        self.val_gen._finish()

    def _number_batches(self, source: Any, draw: Draw, first: int) -> None:
        """Of several workers v1 takes the batches in turn, which is the order of their numbers."""
        numbered = source.generator
        loader = numbered.loader if isinstance(numbered, NumberedBatches) else numbered
        source.generator = NumberedBatches(loader, self.seed, draw, first, source.num_processes)
        source.restart()

    def run_iteration(self, source: Any, do_backprop: bool = True, run_online_evaluation: bool = False) -> Any:
        first = self.training.background_weight
        if first != 1:
            done = self.epoch / max(1, self.max_num_epochs - 1)
            self.loss.loss.ce.weight[0] = first ** (1 - done)
        loss = super().run_iteration(source, do_backprop, run_online_evaluation)
        if do_backprop:
            self.iterations_done += 1
            scaled = self.amp_grad_scaler is not None
            self.loss_guard.check(float(loss), self.epoch, self.max_num_epochs, scaled=scaled)
            self._tell(float(loss))
        return loss

    def _tell(self, loss: float) -> None:
        done = self.epoch * self.num_batches_per_epoch + self.iterations_done
        epoch = min(self.epoch + 1, self.max_num_epochs)
        ending = "" if np.isnan(loss) else f", loss {loss:.3f}"
        note = f"epoch {epoch}/{self.max_num_epochs}{ending}"
        self.report(done, self.max_num_epochs * self.num_batches_per_epoch, note)

    def on_epoch_end(self) -> bool:
        goes_on: bool = super().on_epoch_end()
        self.iterations_done = 0
        # After v1's own, which may begin anew with another momentum at epoch 100.
        done = self.epoch + 1
        if done == self.max_num_epochs:
            if self.recipe.statistics_batches:
                # Of a training that is killed while they are re-estimated, only this is done again.
                self._save_latest()
            return goes_on
        stops = stop_is_asked()
        if stops or monotonic() - self.written_at >= self.training.checkpoint_every_s:
            self._save_latest()
        if stops:
            raise StoppedError(f"The training was asked to stop, and did after epoch {done}.")
        seed_draws(self.seed, Draw.EPOCH, done)
        return goes_on

    def _save_latest(self) -> None:
        self.save_checkpoint(str(Path(self.output_folder) / "model_latest.model"))
        self.written_at = monotonic()

    def save_checkpoint(self, fname: str, save_optimizer: bool = True) -> None:
        """Writes it whole or not at all. Raises MethodError instead of writing a network that is lost.

        v1 writes the last one where nothing else can be done in between: statistics are re-estimated here.
        """
        more: AbstractContextManager[None] = nullcontext()
        if self.recipe.statistics_batches and Path(fname).name.startswith("model_final_checkpoint"):
            running = running_statistics(self.network)
            self._re_estimate()
            more = saved_along(self.recipe.statistics_batches, running)
        # What the checkpoint needs to be read comes before it.
        with checkpoint_written_whole(fname, self.network, (".pkl", "")) as temporary, more:
            super().save_checkpoint(temporary, save_optimizer)

    def _re_estimate(self) -> None:
        """Puts the statistics of batch normalisations, re-estimated, in the place of the running ones."""
        # What training draws stays as it is: all of it was drawn.
        self._number_batches(self.tr_gen, Draw.STATISTICS, 0)
        seed_draws(self.seed, Draw.STATISTICS, 0)
        re_estimate(self.network, self._forward, self._told(islice(self.tr_gen, self.recipe.statistics_batches)))

    def _forward(self, batch: Mapping[str, Any]) -> None:
        # As `run_iteration` does it.
        device = next(self.network.parameters()).device
        with torch.autocast("cuda", enabled=self.fp16 and device.type == "cuda"):
            self.network(torch.as_tensor(batch["data"]).to(device))

    def _told(self, batches: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        done = self.max_num_epochs * self.num_batches_per_epoch
        for number, batch in enumerate(batches, 1):
            self.report(done, done, f"batch normalisation, batch {number}/{self.recipe.statistics_batches}")
            yield batch

    def validate(self, *arguments: Any, **options: Any) -> None:
        self._use_window()
        self.validating = True
        super().validate(*arguments, **options)

    def predict_preprocessed_data_return_seg_and_softmax(self, *arguments: Any, **options: Any) -> Any:
        if self.validating:
            self.cases_validated += 1
            total = self.max_num_epochs * self.num_batches_per_epoch
            self.report(total, total, f"validate, case {self.cases_validated}")
        return super().predict_preprocessed_data_return_seg_and_softmax(*arguments, **options)

    def plot_progress(self) -> None:
        """v1 would draw a picture of 30 by 24 inches after every epoch."""


class SmallTrainer(BenchTrainer, nnUNetTrainerV2_noDataAugmentation, nnUNetTrainerV2_BN):  # type: ignore[misc]
    """The same on v1's variants of its trainer without augmentation and with batch norm."""


def choose_trainer(recipe: Recipe, report: Report) -> type[BenchTrainer]:
    """The trainer for `recipe`, put where v1 looks for the trainer of a checkpoint: among its own modules only."""
    trainer = BenchTrainer if recipe.network is None else SmallTrainer
    trainer.recipe, trainer.report = recipe, staticmethod(report)
    setattr(network_trainer, trainer.__name__, trainer)
    return trainer


def train(root: str, fold: int, recipe: Mapping[str, Any], device: str, seed: int, report: Report) -> None:
    """Trains one fold to its end, from its last checkpoint if there is one, and validates it.

    On a CPU a training that was interrupted ends with the same weights, bit by bit, as an undisturbed one. Raises
    StoppedError after an epoch when that is asked; the checkpoint is then of this epoch.
    """
    workspace = Workspace(Path(root))
    use_threads(device)
    if not workspace.final_checkpoint(fold).exists():
        trainer = _trainer(workspace, fold, read_recipe(recipe), device, report)
        trainer.seed = (seed, fold)
        # Before the network is built, which draws its weights.
        seed_draws(trainer.seed, Draw.FIRST_WEIGHTS, 0)
        trainer.initialize(True)
        latest = workspace.latest_checkpoint(fold)
        if latest.exists():
            trainer.load_checkpoint(str(latest))
        with memory_kept(device):
            trainer.run_training()
    validate(workspace, fold, read_recipe(recipe), device, report)


def validate(workspace: Workspace, fold: int, recipe: Recipe, device: str, report: Report) -> None:
    """Predicts the fold's validation cases and determines the fold's post-processing, as v1 does after training.

    Cases that are there already are kept; where all was done before nothing is.
    """
    # One process at a time: a killed one's validation may be taken up by several that predict.
    with FileLock(workspace.fold(fold) / ".lock"):
        mark = workspace.fold(fold) / "validated"
        if not mark.exists():
            _validate(workspace, fold, recipe, device, report)
            mark.touch()


def _validate(workspace: Workspace, fold: int, recipe: Recipe, device: str, report: Report) -> None:
    trainer = _trainer(workspace, fold, recipe, device, report)
    trainer.load_checkpoint(str(workspace.final_checkpoint(fold)), train=False)
    folder = workspace.fold(fold) / "validation_raw"
    remove_unfinished(folder)
    # v1 has no other way to choose how it writes.
    trainer_module.save_segmentation_nifti_from_softmax = Export(folder)
    trainer.validate(save_softmax=False, overwrite=False, do_mirroring=recipe.training.augmentation)


def count_parameters(root: str, recipe: Mapping[str, Any], report: Report) -> int:
    """How many numbers training changes in the planned network, those of every output among them."""
    trainer = _trainer(Workspace(Path(root)), 0, read_recipe(recipe), "cpu", report)
    trainer.load_plans_file()
    trainer.process_plans(trainer.plans)
    trainer.initialize_network()
    return sum(parameter.numel() for parameter in trainer.network.parameters() if parameter.requires_grad)


def read_recipe(content: Mapping[str, Any]) -> Recipe:
    """A recipe from its fields, as they arrive in JSON."""
    network = content["network"]
    return Recipe(
        Training(**content["training"]),
        None if network is None else SmallNetwork(**network),
        content["speck_share"],
        content["statistics_batches"],
    )


def _trainer(workspace: Workspace, fold: int, recipe: Recipe, device: str, report: Report) -> Any:
    plans_file, _, dataset, batch_dice, stage, _ = get_default_configuration("3d_fullres", TASK, "nnUNetTrainerV2")
    if recipe.network is not None:
        # With patches this small a Dice per patch would mostly say to predict nothing.
        batch_dice = True
    # The last three are those of v1's command: unpacked data, not deterministic, mixed precision.
    return choose_trainer(recipe, report)(
        plans_file, fold, str(workspace.model), dataset, batch_dice, stage, True, False, device == "cuda"
    )
