"""Keeps `predictions.json` beside label maps: which model predicted them, from which images, and what was odd."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import unwritable, write_text
from mswal_bench.benchmark.models.notice import NOTICE
from mswal_bench.benchmark.models.trained_model import TrainedModel
from mswal_bench.benchmark.runs.run_record import RunIdentity
from mswal_bench.benchmark.scoring.case_folders import PREDICTIONS_FILE

from .given_images import GivenImage
from .odd_images import ReadImage

_LOCK = ".lock"
_MOST_NAMED = 5
_ANOTHER = "Give another or a new folder."


class PredictedImage(BaseModel):
    """What a label map is of."""

    model_config = ConfigDict(frozen=True)

    image: Path
    """Where the image was: a file, or the folder of a DICOM series."""
    digest: str
    """Over its files, by which another image of the same name is noticed."""
    warnings: tuple[str, ...] = ()
    """What is odd with it as an abdominal CT."""


class PredictionRecord(BaseModel):
    """What a folder of label maps says of itself."""

    model_config = ConfigDict(frozen=True)

    notice: str = NOTICE
    version: str
    """Of mswal-bench."""
    title: str
    """Of the method, as in tables."""
    run: RunIdentity | None
    """The run that trained it; None where no run did."""
    model_digest: str
    """As of `TrainedModel.digest`."""
    folds: tuple[int, ...]
    """The folds whose ensemble predicts."""
    statistics_batches: Annotated[dict[int, int], Field(exclude_if=lambda batches: not batches)] = {}
    """As of a run's record: which statistics the batch normalisations of each fold predict with."""
    images: dict[str, PredictedImage] = {}
    """By case, those that are predicted or are being predicted."""


def left_to_predict(
    out: Path, model: TrainedModel, images: Sequence[GivenImage], problems: list[Problem]
) -> list[GivenImage]:
    """The images that have no label map in the folder `out` yet.

    To `problems` goes why the folder cannot take them: it is one of images, what is there was predicted by another
    model or from another image, or nothing says by which.
    """
    if wrong := unwritable(out):
        problems += wrong
        return []
    among = {image.path.parent if image.series is None else image.path for image in images}
    if any(folder.resolve() == out.resolve() for folder in among):
        problems.append(Problem("the label maps would lie among the images", str(out), mend=_ANOTHER))
        return []
    try:
        record = _read(out)
    except BenchError as error:
        problems += error.problems
        return []
    if another := _another_model(out, record, model):
        problems += another
        return []
    there = {image.case for image in images if (out / f"{image.case}.nii.gz").exists()}
    known = {} if record is None else record.images
    strangers = sorted(there - known.keys())
    if strangers:
        found = ", ".join(f"{case}.nii.gz" for case in strangers[:_MOST_NAMED])
        what = f"the folder has {len(strangers)} files in the place of label maps, and nothing says what predicted them"
        problems.append(Problem(what, str(out), found=found, mend=_ANOTHER))
    for image in images:
        before_image = known.get(image.case) if image.case in there else None
        if before_image is None:
            continue
        try:
            is_another = before_image.digest != image.digest
        except OSError as error:
            problems.append(Problem(f"cannot be read ({error.strerror or error})", str(image.path)))
            continue
        if is_another:
            what = f"the label map of {image.case} is there, of another image"
            expected, found = str(before_image.image), str(image.path)
            mend = f"Remove {image.case}.nii.gz there, or give another folder."
            problems.append(Problem(what, str(out), expected, found, mend))
    return [image for image in images if image.case not in there]


def keep_record(out: Path, model: TrainedModel, images: Sequence[ReadImage]) -> None:
    """Adds images to the folder's record before they are predicted. Other processes may add others.

    Raises BenchError where one of them predicts with another model.
    """
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(out / _LOCK):
        before = _read(out)
        # Once more: another process may have begun since the folder was looked at.
        raise_if_any(_another_model(out, before, model))
        added = {
            read.image.case: PredictedImage(
                image=read.image.path.absolute(), digest=read.image.digest, warnings=tuple(map(str, read.oddities))
            )
            for read in images
        }
        record = PredictionRecord(
            version=metadata.version("mswal-bench"),
            title=model.method.title,
            run=model.identity,
            model_digest=model.digest,
            folds=model.folds,
            statistics_batches=model.statistics_batches(),
            images=dict(sorted({**({} if before is None else before.images), **added}.items())),
        )
        write_text(out / PREDICTIONS_FILE, record.model_dump_json(indent=2) + "\n")


def _another_model(out: Path, record: PredictionRecord | None, model: TrainedModel) -> list[Problem]:
    key = (model.identity, model.digest, model.folds)
    if record is None or (record.run, record.model_digest, record.folds) == key:
        return []
    before = _told(record.title, record.run, record.model_digest, record.folds)
    found = _told(model.method.title, *key)
    what = "the folder has label maps of another model, or of other folds"
    return [Problem(what, str(out), before, found, _ANOTHER)]


def _read(out: Path) -> PredictionRecord | None:
    """None where there is none."""
    path = out / PREDICTIONS_FILE
    try:
        return PredictionRecord.model_validate_json(read_bytes(path))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise BenchError(Problem("does not say what predicted the label maps", str(path), mend=_ANOTHER)) from error


def _told(title: str, run: RunIdentity | None, digest: str, folds: Sequence[int]) -> str:
    parts = [title]
    if run is not None:
        parts.append(f"trained on {run.dataset}, seed {run.seed}")
    return ", ".join([*parts, f"folds {', '.join(map(str, folds))}", digest])
