"""Holds the functions of `import mswal_bench as mb` that let a method work: it is measured, trained, and predicts.

As those in `api.py` they take what a user has at hand and call what the commands call. What they tell on the way goes
to stderr, with their progress.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from .baselines.method import Budget
from .baselines.processes import script_left_alone
from .baselines.worker_memory import GB
from .benchmark.ceilings.ceilings import Ceilings
from .benchmark.ceilings.method_ceilings import method_ceilings
from .benchmark.core.call_values import check_numbers, one_of, path_or_none, paths_of
from .benchmark.core.errors import BenchError, Problem
from .benchmark.data.dataset import Dataset
from .benchmark.models.local_model import local_model
from .benchmark.prediction.predict_images import predict_images
from .benchmark.prediction.predictions import Predictions
from .benchmark.runs.method_choice import chosen_method
from .benchmark.runs.run_method import run_method
from .benchmark.runs.run_record import RunRecord, read_run_record
from .benchmark.runs.tracks import SELECTIONS, Track

__all__ = ["ceiling", "predict", "run"]


def ceiling(
    methods: str | Path | Sequence[str | Path],
    data: Dataset | str | Path,
    *,
    track: Literal["public-cv", "official-test"] = "public-cv",
    jobs: int | None = None,
    out: str | Path | None = None,
    progress: bool = False,
) -> Ceilings:
    """Measures what methods could reach at most: reference labels go to a network's grid and back, and are scored.

    `methods` are names that `mswal-bench methods` lists, planned for the training cases of the data set `data` (or its
    folder) under the budget `paper`, or work folders of runs, whose own plans are measured. `track` says whose cases:
    the training cases, or with `official-test` the test cases, whose labels must be there. `jobs` is the number of
    processes, by default one a core; `progress` shows bars on stderr. The folder `out` gets what `mswal-bench ceiling
    --out` writes. No torch is needed.

    The result's `scores` are as of `mb.score_folders`; `grids` has the grid of each method, and `lost` the lesions that
    it loses. A case whose label map cannot be used is left out: that is a warning, and `scores.problems` has the
    reasons. Raises BenchError, with every problem, for names that stand for nothing, a data set that lacks images or
    labels, and where nothing can be measured.

    >>> ceilings = mb.ceiling(["nnunet-v2", "mednext"], "raw")
    >>> ceilings
    <Ceilings of nnunet-v2, mednext: 5 cases, mswal/1>
    >>> print(ceilings.grids["mednext"])
    1 x 1 x 1 mm, brought back by nnU-Net v2
    >>> ceilings.scores["nnunet-v2"].average.dsc <= 1
    True
    >>> list(ceilings.to_frame().columns)
    ['method', 'lesion', 'metric', 'value']
    >>> list(ceilings.lost_frame().columns[:5])
    ['method', 'case', 'lesion', 'number', 'fate']
    """
    check_numbers(jobs=jobs)
    chosen = Track(one_of("track", track, tuple(Track)))
    names = [str(name) for name in paths_of(methods)]
    if not names:
        raise BenchError(Problem("no method is named"))
    with script_left_alone():
        found = method_ceilings(
            names, data if isinstance(data, Dataset) else Path(data), track=chosen, jobs=jobs, progress=progress
        )
    if out is not None:
        found.save(out)
    if found.scores.problems:
        warnings.warn("\n".join(map(str, found.scores.problems)), stacklevel=2)
    return found


def run(
    method: str,
    data: Dataset | str | Path,
    *,
    work: str | Path,
    variant: str | None = None,
    budget: Literal["paper", "demo", "smoke"] = "paper",
    track: Literal["official-test", "public-cv"] = "official-test",
    fold: int | Literal["all"] = "all",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    devices: Sequence[int | str] = (),
    memory_gb: float | None = None,
    seed: int = 0,
    check: bool = True,
) -> RunRecord:
    """Trains a method, predicts, scores where labels are there, and gives the record.

    `method` is one that `mswal-bench methods` lists; `data` a data set or its folder; `work` the folder that keeps
    everything of the run. `budget` is `paper` (what the authors set), `demo` (a small network, minutes on a CPU) or
    `smoke` (a few iterations). `track` is `official-test` (the test images) or `public-cv` (each training case, by the
    fold that held it out). `fold` is 0 to 4, or `all`: five are trained, and their ensemble predicts the test images.
    `device` is what this process computes on; `devices` has a process on each in its place, GPUs by their numbers
    (`[0, 1]`) or shares of the CPU's cores (`["cpu", "cpu"]`). `memory_gb` is what all processes of the run may take
    together, in gigabytes; None is what is free. With `check` every image and label that is used is read before the run
    begins. Progress goes to stderr.

    Stopped at any moment and called again, it goes on from what is finished; a finished run's record is given at once.
    Its predictions are scored by `mb.score_folders([work], data)`. Raises BenchError for what the user can mend, before
    anything is begun where that is possible: no such method, packages that are not installed, damaged files.

    >>> record = mb.run("nnunet-v2", "raw", work="runs/v2", budget="smoke", fold=0, device="cpu")
    >>> record.title, record.track, record.folds, record.cases
    ('nnU-Net v2', 'official-test', [0], 4)
    """
    check_numbers(seed=seed, memory_gb=memory_gb)
    chosen = chosen_method(method, variant)
    _check_devices(device, devices)
    with script_left_alone():
        outcome = run_method(
            chosen,
            data.root if isinstance(data, Dataset) else Path(data),
            Path(work),
            budget=Budget(one_of("budget", budget, tuple(Budget))),
            track=Track(one_of("track", track, tuple(Track))),
            selection=one_of("fold", str(fold), SELECTIONS),
            device=device,
            devices=tuple(map(str, devices)),
            seed=seed,
            memory_bytes=_bytes(memory_gb),
            check=check,
            announce=_announce,
        )
    return read_run_record(outcome.record)


def predict(
    model: str | Path,
    images: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    fold: int | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    devices: Sequence[int | str] = (),
    memory_gb: float | None = None,
    lesions: str | Path | None = None,
    overlay: str | Path | None = None,
) -> Predictions:
    """Writes a label map of every image, by a trained method, and gives what was found in them.

    `model` is the work folder of a run, whose data set may be gone, a model bundle, or the address of one on the
    Hugging Face hub, `hf:OWNER/NAME@REVISION`. `images` are volume files of any format that is read, folders of them,
    and folders of a DICOM series; one path or several. The folder `out` gets `CASE.nii.gz` for each,
    in its image's geometry. By default the ensemble of all folds that are trained to their end predicts, with `fold` (0
    to 4) that one alone. `device`, `devices` and `memory_gb` are as of `mb.run`. `lesions` is a CSV that gets a row for
    every predicted lesion, `overlay` a folder that gets a picture of the largest ones of each case, `CASE.png`.
    Progress goes to stderr, and so does what makes an image unlike an abdominal CT in Hounsfield units, which
    `predictions.warnings` has too.

    Stopped at any moment and called again, it goes on from the label maps that are there. Raises BenchError for what
    the user can mend, with everything that is wrong and before anything is predicted where that is possible: no trained
    model, images that are damaged or of one name, label maps of another model in `out`.

    For research use only: this is no medical device, and a label map is no diagnosis.

    >>> predictions = mb.predict("runs/v2", "scans", "label_maps/fold_0", fold=0, device="cpu")
    >>> predictions
    <Predictions of 4 cases in label_maps/fold_0>
    >>> predictions.cases
    ('PHANTOM_0485', 'PHANTOM_0486', 'PHANTOM_0487', 'PHANTOM_0488')
    >>> list(predictions.to_frame().columns[:6])
    ['case', 'lesion', 'number', 'voxels', 'volume_mm3', 'diameter_mm']
    """
    check_numbers(memory_gb=memory_gb)
    _check_devices(device, devices)
    with script_left_alone():
        return predict_images(
            local_model(model, _announce),
            paths_of(images),
            Path(out),
            fold=fold,
            device=device,
            devices=tuple(map(str, devices)),
            memory_bytes=_bytes(memory_gb),
            lesions=path_or_none(lesions),
            overlay=path_or_none(overlay),
            announce=_announce,
        )


def _check_devices(device: str, devices: Sequence[int | str]) -> None:
    if devices and device != "auto":
        raise BenchError(Problem("`device` and `devices` exclude each other", mend="Name the one or the others."))
    one_of("device", device, ("auto", "cpu", "cuda"))


def _bytes(memory_gb: float | None) -> int | None:
    return None if memory_gb is None else int(memory_gb * GB)


def _announce(sentence: str) -> None:
    print(sentence, file=sys.stderr)
