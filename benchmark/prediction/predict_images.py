"""Predicts the label maps of any images with a trained method: the networks of a run, or of a model bundle."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

from mswal_bench.baselines.failures import LOG_FILE
from mswal_bench.baselines.method import FailedCasesError, Job, Report
from mswal_bench.baselines.raw_layout import image_name
from mswal_bench.baselines.worker_memory import gb, room_for_workers
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_first
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.core.whole_files import not_written, require_unicode, unwritable
from mswal_bench.benchmark.models.open_model import open_model
from mswal_bench.benchmark.models.trained_model import TrainedModel
from mswal_bench.benchmark.runs.device_workers import Task
from mswal_bench.benchmark.runs.devices import Device, pick_device, pick_devices
from mswal_bench.benchmark.runs.failures_told import error_of_method
from mswal_bench.benchmark.runs.method_choice import require_training_packages
from mswal_bench.benchmark.runs.steps import carry_out_for, dealt, sharing_memory
from mswal_bench.benchmark.runs.tracks import Share
from mswal_bench.benchmark.volumes.stored_volume import VolumeError

from .given_images import GivenImage, find_images
from .odd_images import ReadImage, read_images
from .overlays import check_folder, draw_overlays
from .prediction_record import keep_record, left_to_predict
from .predictions import Predictions

_MOST_ALIKE = 3
"""Warnings of one kind that are told; all are in the record beside the label maps."""


def predict_images(
    work: Path,
    images: Sequence[Path],
    out: Path,
    *,
    fold: int | None = None,
    device: str = "auto",
    devices: Sequence[str] = (),
    memory_bytes: int | None = None,
    lesions: Path | None = None,
    overlay: Path | None = None,
    announce: Callable[[str], None] = lambda sentence: None,
) -> Predictions:
    """Writes `out/CASE.nii.gz` for every image, by the ensemble of all folds of a trained method.

    `work` is the work folder of a run, a model bundle, or a bundle's address on a hub.

    `images` are volume files, folders of them and folders of a DICOM series. What is there already is left as it is,
    so that a call that was interrupted goes on. With `fold` that fold predicts alone. `device`, `devices` and
    `memory_bytes` are as of `run_method`. `lesions` is a CSV that gets a row for every lesion of all label maps, and
    `overlay` a folder that gets a picture of the largest ones of each. `announce` is told what is odd with images.
    Raises BenchError with everything that is wrong before anything is predicted; images that the network can make
    nothing of, and what could not be written then, are named at the end, when all else is done.
    """
    require_unicode(work, out)
    problems: list[Problem] = []
    model = _opened(work, fold, problems)
    crew = _crew(devices, problems)
    found = find_images(images, problems)
    if not images:
        problems.append(Problem("no image is named"))
    if lesions is not None:
        is_folder = Problem("is a folder", str(lesions), "a file for the lesions")
        problems += [is_folder] if lesions.is_dir() else unwritable(lesions.parent)
    if overlay is not None:
        check_folder(overlay, found, problems)
    left = left_to_predict(out, model, found, problems) if model is not None else []
    raise_first(problems)
    if model is None:
        raise AssertionError("it is among the problems")
    warnings: tuple[Problem, ...] = ()
    if left:
        kind = crew[0].kind if crew else pick_device(device)
        if memory_bytes is not None and (room := room_for_workers()).bytes < memory_bytes:
            announce(f"warning: {gb(memory_bytes)} of memory were given, and {room.reason}")
        # In the folder, for there is room for label maps.
        with scratch_folder(out) as scratch:
            job = model.job(kind, memory_bytes, scratch)
            ready = _ready(model, left, scratch)
            warnings = tuple(oddity for read in ready for oddity in read.oddities)
            _tell(warnings, announce)
            keep_record(out, model, ready)
            problems += _carried_out(model, job, crew, {read.image.case: read.volume for read in ready}, out)
    cases = tuple(image.case for image in found if (out / f"{image.case}.nii.gz").exists())
    predictions = Predictions(out, model.name, model.folds, cases, model.classes, warnings)
    if lesions is not None:
        problems += _listed(predictions, lesions)
    if overlay is not None:
        problems += draw_overlays(overlay, predictions, found)
    if len(cases) < len(found) and not problems:
        problems += [
            Problem(f"{model.method.name} wrote no label map, and did not say why", image.case)
            for image in found
            if image.case not in cases
        ]
    raise_first(problems)
    return predictions


def _carried_out(
    model: TrainedModel, job: Job, crew: Sequence[Device], volumes: Mapping[str, Path], out: Path
) -> tuple[Problem, ...]:
    """Predicts the volumes, by case; gives why some of them could not be. Raises what hinders all of them."""
    shares = dealt([Share(model.folds, volumes, "predict")], len(crew))
    shared = sharing_memory(job, crew, len(shares))
    tasks = [
        Task(
            share.name,
            partial(model.method.predict, shared, share.folds, share.images, out),
            partial(_progress, share.name),
            started=lambda device, environment: None,
            ended=lambda usage: None,
        )
        for share in shares
    ]
    try:
        carry_out_for(shared, crew, tasks)
    except Exception as error:
        told = error_of_method(error, _with_log(model, job, out), out)
        if told is None:
            raise
        if not isinstance(error, FailedCasesError):
            raise told from error
        return told.problems
    return ()


def _with_log(model: TrainedModel, job: Job, out: Path) -> Path:
    """The folder that keeps what the method printed: that of a bundle would go with the scratch folder."""
    if job.work == model.place:
        return model.place
    for log in job.work.rglob(LOG_FILE):
        with suppress(OSError):
            shutil.copyfile(log, out / LOG_FILE)
    return out


def _listed(predictions: Predictions, lesions: Path) -> list[Problem]:
    try:
        predictions.write_lesions(lesions)
    except BenchError as error:
        return list(error.problems)
    except OSError as error:
        return [not_written(error, lesions)]
    return []


def _opened(work: Path, fold: int | None, problems: list[Problem]) -> TrainedModel | None:
    try:
        model = open_model(work, None if fold is None else [fold])
        require_training_packages(model.method)
    except BenchError as error:
        problems += error.problems
        return None
    return model


def _crew(devices: Sequence[str], problems: list[Problem]) -> tuple[Device, ...]:
    try:
        return pick_devices(devices) if devices else ()
    except BenchError as error:
        problems += error.problems
        return ()


def _ready(model: TrainedModel, images: Sequence[GivenImage], scratch: Path) -> list[ReadImage]:
    """The images as files of the format that the method was trained on, all read to their end.

    Raises BenchError with everything for which one of them cannot be predicted.
    """
    ending = model.file_ending
    faults: list[Problem] = []
    series = [image for image in images if image.series is not None]
    to_read = [ReadImage(image, image.path) for image in images if image.series is None]
    with progress_bar("convert", "image", shown=bool(series)) as report:
        for done, image in enumerate(series):
            report(done, len(series), image.case)
            to_read += _converted(image, scratch, ending, faults)
    # Before other files are converted: SimpleITK reads one that is cut off as if the rest were empty.
    read = read_images(to_read, is_mswal=model.knows_mswal, progress=True)
    faults += [fault for each in read for fault in each.faults]
    ready = []
    if not faults:
        for each in read:
            ready += (
                [each] if _is_taken_as_it_is(each, ending) else _converted(each.image, scratch, ending, faults, each)
            )
    if faults:
        count = len({fault.where for fault in faults})
        what = f"nothing was predicted, for {count} of the images cannot be"
        raise_first([*faults, Problem(what, mend="Mend them, or leave them out.")])
    return ready


def _is_taken_as_it_is(read: ReadImage, ending: str) -> bool:
    """Whether the file has the format and the three dimensions that the method was trained on."""
    import SimpleITK

    if not read.volume.name.endswith(ending):
        return False
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(read.volume))
    reader.ReadImageInformation()
    return bool(reader.GetDimension() == 3)


def _converted(
    image: GivenImage, scratch: Path, ending: str, faults: list[Problem], read: ReadImage | None = None
) -> list[ReadImage]:
    """The image as a file with `ending` in the folder `scratch`; nothing where that fails, which goes to `faults`."""
    import SimpleITK

    volume_file = scratch / image_name(image.case, ending)
    try:
        if image.series is not None:
            volume = image.series.read()
            oddities = tuple(image.series.oddities())
        else:
            volume = SimpleITK.ReadImage(str(image.path))
            oddities = read.oddities if read is not None else ()
        while volume.GetDimension() > 3:
            volume = volume[..., 0]
        SimpleITK.WriteImage(volume, str(volume_file))
    except VolumeError as error:
        faults += error.problems
        return []
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("ITK ERROR: ")
        faults.append(Problem(f"cannot be converted to {ending} ({reason})", str(image.path)))
        return []
    return [ReadImage(image, volume_file, oddities=oddities)]


def _tell(warnings: Sequence[Problem], announce: Callable[[str], None]) -> None:
    """Tells the first few of every kind, and how many more there are."""
    for what in dict.fromkeys(warning.what for warning in warnings):
        alike = [warning for warning in warnings if warning.what == what]
        for warning in alike[:_MOST_ALIKE]:
            announce(f"warning: {warning}")
        if len(alike) > _MOST_ALIKE:
            announce(f"warning: and of {len(alike) - _MOST_ALIKE} more images {what}")


def _progress(label: str) -> AbstractContextManager[Report]:
    return progress_bar(label, "case")
