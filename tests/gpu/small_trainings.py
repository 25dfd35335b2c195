"""Trains the demo's nnU-Net v2 on a small phantom: for label maps to compare, and for a training that is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import SimpleITK
import torch

from mswal_bench.baselines.method import Budget, Job, Report
from mswal_bench.baselines.nnunet.checkpoints import LATEST, final_checkpoint, load_checkpoint
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.nnunet_v2 import METHOD
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.splits import Fold

from .agreement import differing_labels
from .setting import Setting, tell

_ITERATIONS = 5
"""Of an epoch of the training that is killed."""


def _job(setting: Setting, work: Path, device: str) -> Job:
    cases = sorted(path.name.split(".")[0] for path in (setting.folder / "phantom" / "labelsTr").glob("*.nii.gz"))
    fold = Fold(tuple(cases[1:]), tuple(cases[:1]))
    return Job(setting.folder / "phantom", work, (fold,), Budget.DEMO, device, seed=0)


def prepare(setting: Setting) -> dict[str, Any]:
    """Draws six cases and prepares them; all trainings begin with a copy."""
    cases = 6
    write_phantom(setting.folder / "phantom", train=cases, test=1, size="small", seed=0, progress=False)
    METHOD.prepare(_job(setting, setting.folder / "prepared", setting.device), _told("prepare"))
    return {"cases": cases}


def compare_label_maps(setting: Setting) -> dict[str, Any]:
    """A network is trained on the device for a short while, and predicts on the device and on the CPU."""
    recipe = METHOD.recipes[Budget.DEMO]
    epochs, iterations = (1, 20) if setting.small else (10, 50)
    method = _with_training(replace(recipe.training, epochs=epochs, iterations_per_epoch=iterations))
    work = _copy(setting, "label-maps")
    method.train(_job(setting, work, setting.device), 0, _told("label maps"))
    cases = ["imagesTs", "imagesTr"]
    images = {f.name.split(".")[0]: f for part in cases for f in sorted((setting.folder / "phantom" / part).glob("*"))}
    # Folders of their own on a CPU too, which then says whether two predictions are alike.
    for name, device in (("reference", "cpu"), ("device", setting.device)):
        tell(f"label maps: predicting {len(images)} volumes by {device}")
        out = work / name
        method.predict(_job(setting, work, device), [0], images, out, lambda done, total, note: None)
    pairs = [tuple(_labels(work / name / f"{case}.nii.gz") for name in ("reference", "device")) for case in images]
    return differing_labels(pairs) | {"cases": len(images), "iterations": epochs * iterations}


def kill_and_resume(setting: Setting) -> dict[str, Any]:
    """Three trainings of two epochs: two undisturbed ones, and one that is killed in its second and goes on."""
    undisturbed = [_start(setting, name) for name in ("first", "second")]
    killed = _start(setting, "killed")
    reached = _kill_after_first_epoch(setting, killed)
    trainings = {**dict(zip(("first", "second"), undisturbed, strict=True)), "killed": _start(setting, "killed")}
    for name, training in trainings.items():
        training.communicate()
        if training.returncode:
            raise RuntimeError(f"the training resumed-{name} failed: {_last_errors(setting, name)}")
    first, second, resumed = (_weights(setting, name) for name in ("first", "second", "killed"))
    found = {"killed_after": reached, "twice": _apart(first, second), "resumed": _apart(first, resumed)}
    return found | {"iterations": 2 * _ITERATIONS}


def train_repeatably(setting: Setting, name: str) -> dict[str, Any]:
    """Two short epochs, with a checkpoint after each, in the way that gives the same numbers most often."""
    torch.backends.cudnn.deterministic = True
    torch.use_deterministic_algorithms(True, warn_only=True)
    training = METHOD.recipes[Budget.DEMO].training
    training = replace(
        training, epochs=2, iterations_per_epoch=_ITERATIONS, validation_iterations=1, augmentation=True,
        checkpoint_every_s=0,
    )  # fmt: skip
    method = _with_training(training, statistics_batches=2)
    work = setting.folder / f"resumed-{name}"
    method.train(_job(setting, work, setting.device), 0, _say_done)
    return {}


def _say_done(done: int, total: int, note: str) -> None:
    # nnU-Net's own output, which is captured meanwhile, goes elsewhere.
    print(f"done {done}", file=sys.__stdout__, flush=True)


def _with_training(training: Any, **changes: Any) -> NnUNetMethod:
    recipe = replace(METHOD.recipes[Budget.DEMO], training=training, **changes)
    return replace(METHOD, recipes={**METHOD.recipes, Budget.DEMO: recipe}, compiled=False)


def _copy(setting: Setting, name: str) -> Path:
    work = setting.folder / name
    if not work.exists():
        shutil.copytree(setting.folder / "prepared", work, symlinks=True)
    return work


def _start(setting: Setting, name: str) -> subprocess.Popen[str]:
    work = _copy(setting, f"resumed-{name}")
    tell(f"resuming: a training starts in {work.name}")
    environment = {"MSWAL_BENCH_CORES": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    kind = ["--small"] if setting.small else []
    command = [sys.executable, "-m", "mswal_bench.tests.gpu.repeatable"]
    # A file, for nobody reads a pipe of errors while the output is being read, and a full one would halt the training.
    with _errors(setting, name).open("w", encoding="utf-8") as errors:
        return subprocess.Popen(
            [*command, name, str(setting.folder), setting.device, *kind],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def _errors(setting: Setting, name: str) -> Path:
    return setting.folder / f"resumed-{name}-errors.txt"


def _last_errors(setting: Setting, name: str) -> str:
    return _errors(setting, name).read_text(encoding="utf-8", errors="replace").strip()[-500:]


def _kill_after_first_epoch(setting: Setting, training: subprocess.Popen[str]) -> int:
    """Kills it within its second epoch, and says after how many iterations."""
    if training.stdout is None:
        raise AssertionError("it is a pipe")
    for line in training.stdout:
        done = int(line.split()[1]) if line.startswith("done ") else 0
        if done > _ITERATIONS:
            training.send_signal(signal.SIGKILL)
            training.wait()
            break
    latest = final_checkpoint(Workspace.of(setting.folder / "resumed-killed"), 0).with_name(LATEST)
    if training.returncode != -signal.SIGKILL or not latest.exists():
        raise RuntimeError(f"the training ended before it could be killed: {_last_errors(setting, 'killed')}")
    tell(f"resuming: killed after {done} of {2 * _ITERATIONS} iterations")
    return done


def _weights(setting: Setting, name: str) -> dict[str, torch.Tensor]:
    weights = load_checkpoint(final_checkpoint(Workspace.of(setting.folder / f"resumed-{name}"), 0))["network_weights"]
    return {key: tensor.cpu().float() for key, tensor in weights.items()}


def _apart(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """The largest difference of a number, in units of the largest number."""
    largest = max(float(tensor.abs().max()) for tensor in one.values())
    return max(float((tensor - other[name]).abs().max()) for name, tensor in one.items()) / largest


def _labels(path: Path) -> Any:
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def _told(what: str) -> Report:
    said = -1

    def report(done: int, total: int, note: str) -> None:
        nonlocal said
        # About ten lines each.
        tenth = 10 * done // max(total, 1)
        if tenth != said:
            said = tenth
            tell(f"{what}: {done} of {total} {note}")

    return report
