"""Finds the prediction of each case by the `predictions.json` that the platform writes.

The file lists the jobs in which the algorithm was run, one for each case. A job has a `pk`, a `status`, and `inputs`
and `outputs`, which are values of sockets with a `slug` (sockets were called `interface` before). An input image keeps
the name that the organiser gave it; an output image lies in `/input/PK/output/RELATIVE_PATH/` under an arbitrary name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.volumes.file_names import case_id, case_of_image

from .configuration import Configuration

PREDICTIONS_FILE = "predictions.json"


class _Socket(BaseModel):
    slug: str
    relative_path: str = ""


class _Image(BaseModel):
    name: str


class _Value(BaseModel):
    socket: _Socket = Field(validation_alias=AliasChoices("socket", "interface"))
    image: _Image | None = None


class _Job(BaseModel):
    pk: str
    status: str = "Succeeded"
    inputs: list[_Value]
    outputs: list[_Value]


def predictions_by_case(configuration: Configuration, cases: Collection[str]) -> dict[str, Path]:
    """Maps each of `cases` to the file of its predicted label map.

    Raises BenchError with every problem: jobs that failed, cases without a job or with two, images that belong to no
    case, and outputs that are not one file. Problems name cases, and nothing that is in a label.
    """
    jobs = _read_jobs(configuration.input / PREDICTIONS_FILE)
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    failed = [job.pk for job in jobs if job.status.lower() != "succeeded"]
    if failed:
        problems.append(Problem(f"{len(failed)} jobs did not succeed: {listed(failed)}"))
    for job in jobs:
        try:
            case = _case(job, configuration.image_socket, cases)
            if case in found:
                raise BenchError(Problem(f"there are two jobs for the case {case}"))
            found[case] = configuration.input
            if job.status.lower() == "succeeded":
                found[case] = _label_map(job, configuration)
        except BenchError as error:
            problems += error.problems
    absent = sorted(set(cases) - found.keys())
    if absent:
        problems.append(Problem(f"there is no job for {len(absent)} of {len(cases)} cases: {listed(absent)}"))
    raise_if_any(problems)
    return dict(sorted(found.items()))


def _read_jobs(path: Path) -> list[_Job]:
    try:
        return TypeAdapter(list[_Job]).validate_python(json.loads(read_bytes(path)))
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror or error})", PREDICTIONS_FILE)) from error
    except (ValidationError, ValueError, RecursionError) as error:
        raise BenchError(Problem("is not a list of jobs", PREDICTIONS_FILE)) from error


def _case(job: _Job, slug: str | None, cases: Collection[str]) -> str:
    values = [value for value in job.inputs if value.image is not None]
    value = _one(values, slug, f"job {job.pk}: input")
    assert value.image is not None
    name = value.image.name
    stem = case_id(name) or name
    for candidate in (stem, case_of_image(stem) or stem):
        if candidate in cases:
            return candidate
    raise BenchError(Problem(f"job {job.pk}: the image {name!r} belongs to no case"))


def _label_map(job: _Job, configuration: Configuration) -> Path:
    value = _one(job.outputs, configuration.prediction_socket, f"job {job.pk}: output")
    root = configuration.input / job.pk / "output"
    place = root / value.socket.relative_path
    if not place.resolve().is_relative_to(configuration.input.resolve()):
        raise BenchError(Problem(f"job {job.pk}: the output lies outside of the input folder"))
    files = [place] if place.is_file() else visible(place) if place.is_dir() else []
    maps = [path for path in files if case_id(path.name) is not None and path.is_file() and not path.is_symlink()]
    if len(maps) != 1:
        raise BenchError(Problem(f"job {job.pk}: expected one label map as output, found {len(maps)}"))
    return maps[0]


def _one(values: Sequence[_Value], slug: str | None, what: str) -> _Value:
    """Returns the value of the socket `slug`; without a slug, the only value that is an image."""
    chosen = [value for value in values if slug in {None, value.socket.slug}]
    if slug is None and len(chosen) > 1:
        chosen = [value for value in chosen if value.socket.relative_path.startswith("images/")]
    if len(chosen) != 1:
        expected = "one image" if slug is None else f"one image {slug}"
        raise BenchError(Problem(f"{what}: expected {expected}, found {len(chosen)}"))
    return chosen[0]
