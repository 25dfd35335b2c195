"""Draws a picture of the largest findings of every predicted case, `FOLDER/CASE.png`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.whole_files import not_written, unwritable
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.figures.findings_picture import draw_findings
from mswal_bench.benchmark.models.notice import NOTICE

from .case_findings import findings_of
from .given_images import GivenImage
from .predictions import Predictions

_SOURCE, _SOFTWARE, _DISCLAIMER = "Source", "Software", "Disclaimer"
_OURS = "mswal-bench predict --overlay"
_MOST_PROCESSES = 8
# A process takes as long to start as some pictures to draw.
_WORTH_A_PROCESS = 4


def picture_of(folder: Path, case: str) -> Path:
    """The file of a case's picture."""
    return folder / f"{case}.png"


def check_folder(folder: Path, images: Sequence[GivenImage], problems: list[Problem]) -> None:
    """Adds to `problems` why the folder cannot take the pictures: it is none, it is one of the images, or it has files
    of their names that are something else."""
    if wrong := unwritable(folder):
        problems += wrong
        return
    if any(image.series is not None and image.path.resolve() == folder.resolve() for image in images):
        problems.append(
            Problem("the pictures would lie among the slices of an image", str(folder), mend="Give another.")
        )
        return
    problems += [
        Problem("is not a picture of a prediction, and is not replaced", str(picture), mend="Give another folder.")
        for picture in (picture_of(folder, image.case) for image in images)
        if picture.exists() and _texts_in(picture).get(_SOFTWARE) != _OURS
    ]


def draw_overlays(folder: Path, predictions: Predictions, images: Sequence[GivenImage]) -> list[Problem]:
    """Draws the cases of `predictions` that are among the images, on all cores; gives what could not be drawn.

    A picture that was drawn from the same image and label map, of the same model, is left as it is.
    """
    cases = set(predictions.cases)
    left = [image for image in images if image.case in cases and not _is_drawn(folder, predictions, image)]
    problems: list[Problem] = []
    with progress_bar("draw", "case") as report:
        draw = partial(_drawn, folder, predictions)
        jobs = min(cores(), _MOST_PROCESSES, len(left) // _WORTH_A_PROCESS)
        for done, found in enumerate(worked_on(left, draw, lost=_lost, jobs=jobs), 1):
            problems += found
            report(done, len(left), "")
    return problems


def _is_drawn(folder: Path, predictions: Predictions, image: GivenImage) -> bool:
    picture = picture_of(folder, image.case)
    return picture.exists() and _texts_in(picture).get(_SOURCE) == _source(predictions, image)


def _source(predictions: Predictions, image: GivenImage) -> str:
    return f"image {image.digest}; label map {file_digest(predictions.label_map(image.case))}; {predictions.model}"


def _drawn(folder: Path, predictions: Predictions, image: GivenImage) -> list[Problem]:
    picture = picture_of(folder, image.case)
    try:
        # Before the label map is read: where another process replaces it meanwhile, the next call draws again.
        source = _source(predictions, image)
        label_map = predictions.label_map(image.case)
        findings = findings_of(image, label_map, predictions.classes, predictions.model, NOTICE)
        texts = {"Title": findings.case, _SOURCE: source, _SOFTWARE: _OURS, _DISCLAIMER: NOTICE}
        draw_findings(findings, picture, texts)
    except BenchError as error:
        return list(error.problems)
    except MemoryError:
        return [Problem("there is not enough memory to draw it", image.case)]
    except OSError as error:
        return [not_written(error, picture)]
    return []


def _lost(image: GivenImage) -> list[Problem]:
    what = "the process that drew it was ended from outside, most often for lack of memory"
    return [Problem(what, image.case)]


def _texts_in(picture: Path) -> dict[str, str]:
    """The texts that a PNG holds; none for what is no image."""
    from PIL import Image

    try:
        with Image.open(picture, formats=["PNG"]) as opened:
            return {str(key): value for key, value in opened.info.items() if isinstance(value, str)}
    except (OSError, ValueError):
        return {}
