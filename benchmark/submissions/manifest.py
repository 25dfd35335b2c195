"""What the organiser publishes of the cases to predict: their grids, and nothing of their labels."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..volumes.geometry import Geometry


class ExpectedCase(BaseModel):
    """The grid that a prediction must lie on: x, y, z and LPS millimetres, as in `Geometry`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: Annotated[tuple[float, ...], Field(min_length=9, max_length=9)]

    @property
    def geometry(self) -> Geometry:
        return Geometry(self.shape, self.spacing_mm, self.origin_mm, self.direction)


class Manifest(BaseModel):
    """The cases of a track."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    track: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    """Its name; scores of two tracks do not compare."""
    hidden: bool
    """Whether its labels are kept back, so that no more than aggregates may be published of scores."""
    labels: dict[str, int]
    """As in `dataset.json`: `{"background": 0, "gallstone": 1, ...}`. They say which protocol scores."""
    cases: Annotated[dict[str, ExpectedCase], Field(min_length=1)]
    """By case id, sorted."""

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, as `sha256:...`."""
        return "sha256:" + hashlib.sha256(self.model_dump_json().encode()).hexdigest()
