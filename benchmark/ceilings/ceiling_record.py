"""Defines `ceiling.json`, which says what ceilings were measured on, and reads such a folder back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mswal_bench.benchmark.core.digests import changed_files
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.scoring.saved_scores import load_scores
from mswal_bench.benchmark.scoring.scores import Scores

from .lost_lesions import LOST_FILE

CEILING_FILE: Final = "ceiling.json"
ROWS: Final = (CASES_FILE, LESIONS_FILE, LOST_FILE)
"""The tables whose digests it has."""
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class MeasuredMethod(BaseModel):
    """A method, or a run, whose grid was measured."""

    model_config = ConfigDict(frozen=True)

    name: str
    """As in the tables."""
    method: str
    """As `mswal-bench methods` calls it, with its variant."""
    planned: Literal["run", "paper"]
    """`run`: by the run that was named; `paper`: as the method plans for the training cases under that budget."""


class MeasuredGrid(BaseModel):
    """A grid, and all that have it: their ceiling is one and the same."""

    model_config = ConfigDict(frozen=True)

    spacing_mm: tuple[Positive, Positive, Positive]
    """Along x, y and z of an image as it is stored."""
    nnunet_version: Literal[1, 2]
    """By whose export labels were brought back."""
    methods: Annotated[tuple[MeasuredMethod, ...], Field(min_length=1)]


class CeilingRecord(BaseModel):
    """What ceilings are of."""

    model_config = ConfigDict(frozen=True)

    version: str
    """Of mswal-bench."""
    protocol: str
    """Its id."""
    track: Literal["public-cv", "official-test"]
    """Whose cases were measured: the training cases, or the test cases."""
    cases: Annotated[int, Field(ge=1)]
    """How many there are."""
    training_cases: Annotated[int, Field(ge=0)]
    """How many there are in the data set, for which methods without a run were planned."""
    reference_digest: Digest
    """Of the labels, as records of submissions have it."""
    grids: Annotated[tuple[MeasuredGrid, ...], Field(min_length=1)]
    files: dict[str, Digest]
    """The SHA-256 of each table beside it."""


def read_ceilings(folder: Path) -> tuple[CeilingRecord, Scores]:
    """Reads what `mswal-bench ceiling --out` wrote to `folder`: what it says, and the scores that follow from its rows.

    Raises BenchError where a file is missing, cannot be read, is not the one that `ceiling.json` names, or contradicts
    another, and where not every case was measured.
    """
    path = folder / CEILING_FILE
    record = _read(path)
    digests = {name: record.files.get(name, "nothing") for name in ROWS}
    raise_if_any(changed_files(folder, digests, CEILING_FILE))
    scores = load_scores(folder)
    named = [method.name for grid in record.grids for method in grid.methods]
    problems = []
    if sorted(named) != sorted(scores):
        problems.append(Problem("names other methods than its scores", str(path), listed(list(scores)), listed(named)))
    if record.protocol != scores.protocol.id:
        problems.append(Problem("names another protocol", str(path), scores.protocol.id, record.protocol))
    if record.cases != len(scores.case_ids):
        found, expected = str(record.cases), str(len(scores.case_ids))
        problems.append(Problem("names another number of cases than its scores", str(path), expected, found))
    if not scores.is_whole or scores.left_out:
        mend = "Mend their label maps, and measure again."
        problems.append(Problem("not every case could be measured", str(folder), mend=mend))
    raise_if_any(problems)
    return record, scores


def _read(path: Path) -> CeilingRecord:
    mend = "`mswal-bench ceiling METHOD --data RAW --out FOLDER` writes it."
    try:
        return CeilingRecord.model_validate_json(read_bytes(path))
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror or error})", str(path), mend=mend)) from error
    except ValidationError as error:
        what = "is not the file of a ceiling, or was changed"
        raise BenchError(Problem(what, str(path), found=wrong_values(error), mend=mend)) from error
