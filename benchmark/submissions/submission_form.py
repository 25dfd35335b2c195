"""What a submission says of itself: `submission.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, StringConstraints

FORM_FILE = "submission.yaml"

# Printable text without control characters, which a terminal would obey. Pages escape it; nothing here is markup.
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PRINTABLE)]
"""One line of text."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_PRINTABLE)]
"""A short line: it has to fit into a table."""
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=5000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
"""Text of several lines."""
Link = Annotated[AnyHttpUrl, Field(max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ExtraData(_Part):
    """Data beyond MSWAL that something was trained on, pretraining included."""

    name: Line
    public: bool
    """Whether others can have it."""
    use: Line
    """What it was used for: pretraining, pseudo-labels, and so on."""


class Ensemble(_Part):
    """How many networks predict together."""

    models: Annotated[int, Field(ge=1, le=1000)] = 1
    description: Text = ""


class Cost(_Part):
    """What training and prediction took, as the authors claim it. Left out where not known."""

    gpu: Line | None = None
    """Its model."""
    gpus: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many at a time."""
    training_gpu_hours: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """Of all networks of the ensemble together."""
    prediction_s_per_case: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    peak_gpu_mib: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    parameters: Annotated[int, Field(ge=0, le=10**15)] | None = None
    """Trainable, of one network."""


class PublicForm(_Part):
    """What the board shows of a form."""

    schema_version: Literal[1] = 1
    method: Name
    """Its name on the board."""
    authors: Annotated[list[Line], Field(min_length=1, max_length=100)]
    affiliation: Line
    paper: Link | None = None
    code: Link | None = None
    track: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    """The track of the manifest that it is for: `official-test`, `public-cv`, or another of the organiser's."""
    baseline: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")] | None = None
    """The method of this harness that predicted, as `mswal-bench methods --names` lists it."""
    variant: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,20}$")] | None = None
    """The variant of that method."""
    extra_data: Annotated[list[ExtraData], Field(max_length=50)] = []
    """Training data beyond MSWAL; empty for none."""
    ensemble: Ensemble = Ensemble()
    post_processing: Text = ""
    """Empty for none."""
    cost: Cost = Cost()
    notes: Text = ""


class SubmissionForm(PublicForm):
    """The content of `submission.yaml`."""

    contact: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^@\s<>\"']+@[^@\s<>\"']+\.[^@\s<>\"']+$"),
    ]
    """An e-mail address. Never published."""

    def published(self) -> PublicForm:
        """The form without what is between the authors and the organiser."""
        return PublicForm.model_validate(self.model_dump(exclude={"contact"}))
