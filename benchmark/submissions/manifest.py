"""Defines the manifest: the grids of the cases to predict, and nothing of their labels."""

from __future__ import annotations

import hashlib
from math import prod
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import LesionClass, classes_of
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.stored_volume import MOST_VOXELS

from .submission_form import TrackName

Number = Annotated[float, Field(allow_inf_nan=False)]
Voxels = Annotated[int, Field(ge=1)]
Millimetres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# No more than what a file's name can be on any system.
CASE_ID_PATTERN = r"^[^\x00-\x1f\x7f-\x9f/\\]{1,200}$"
CASE_ID_WORDS = "1 to 200 characters without / and \\"
CaseId = Annotated[str, StringConstraints(pattern=CASE_ID_PATTERN)]


class ExpectedCase(BaseModel):
    """The grid that a prediction must lie on: x, y, z and LPS millimetres, as in `Geometry`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[Voxels, Voxels, Voxels]
    spacing_mm: tuple[Millimetres, Millimetres, Millimetres]
    origin_mm: tuple[Number, Number, Number]
    direction: Annotated[tuple[Number, ...], Field(min_length=9, max_length=9)]

    @field_validator("shape")
    @classmethod
    def _is_of_a_scan(cls, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        if prod(shape) > MOST_VOXELS:
            raise ValueError(f"claims an absurd size, more than {MOST_VOXELS} voxels")
        return shape

    @property
    def geometry(self) -> Geometry:
        return Geometry(self.shape, self.spacing_mm, self.origin_mm, self.direction)


class Manifest(BaseModel):
    """The cases of a track."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    track: TrackName
    """Its name; scores of two tracks do not compare."""
    hidden: bool
    """Whether its labels are kept back, so that no more than aggregates may be published of scores."""
    labels: dict[str, int]
    """As in `dataset.json`: `{"background": 0, "gallstone": 1, ...}`. They say which protocol scores."""
    cases: Annotated[dict[CaseId, ExpectedCase], Field(min_length=1)]
    """By case id, sorted."""

    @model_validator(mode="after")
    def _labels_are_classes(self) -> Manifest:
        try:
            classes_of(self.labels, "labels")
        except BenchError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def lesion_classes(self) -> tuple[LesionClass, ...]:
        """Gives the classes that its labels name, by their ids."""
        return classes_of(self.labels, "labels")

    @property
    def highest_label(self) -> int:
        return max(self.labels.values())

    @property
    def digest(self) -> str:
        """Hashes all of it: SHA-256, as `sha256:...`."""
        return "sha256:" + hashlib.sha256(self.model_dump_json().encode()).hexdigest()
