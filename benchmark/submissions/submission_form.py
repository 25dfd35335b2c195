"""Defines the form of a submission, `submission.yaml`.

The docstrings of the fields are what `mswal-bench validate --schema` and the template say of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, StringConstraints

FORM_FILE = "submission.yaml"

# Characters that a terminal or a page would obey: controls, line separators, and what turns the direction of writing;
# and those that nobody sees, with which a name would look like another's. Everything else is text. Pages escape it;
# nothing here is markup.
_OBEYED = r"\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
# What a spreadsheet would compute: lines go into tables, which are exported as CSV. The last four are full-width.
_FORMULA = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_LINE = rf"^[^{_FORMULA}\x00-\x1f{_OBEYED}][^\x00-\x1f{_OBEYED}]*$"
_LINES = rf"^[^\x00-\x08\x0b-\x1f{_OBEYED}]*$"
_KEY = r"^[a-z0-9][a-z0-9-]{0,59}$"
_VARIANT = r"^[A-Za-z0-9-]{1,20}$"
_PACKAGE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99} [A-Za-z0-9][A-Za-z0-9.!+_-]{0,59}$"
_DIGEST = r"^sha256:[0-9a-f]{64}$"
_OF_MAIL = rf"[^@\s\x00-\x1f<>\"'{_OBEYED}]+"
_MAIL = rf"^{_OF_MAIL}@{_OF_MAIL}\.{_OF_MAIL}$"
TRACK_WORDS = "at most 60 small letters, digits and hyphens"
PATTERNS = {
    _LINE: "one line of text without control or invisible characters, that begins with none of = + - @",
    _LINES: "text without control or invisible characters",
    _KEY: TRACK_WORDS,
    _VARIANT: "at most 20 letters, digits and hyphens",
    _PACKAGE: "a package's name, a space and its version",
    _DIGEST: "sha256: and 64 digits of 0-9 and a-f",
    _MAIL: "an e-mail address",
}
"""What must match them, in words."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE)]
"""One line of text."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_LINE)]
"""A short line: it has to fit into a table."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000, pattern=_LINES)]
"""Text of several lines."""
Link = Annotated[AnyHttpUrl, Field(max_length=500)]
TrackName = Annotated[str, StringConstraints(pattern=_KEY)]
"""Small letters, digits and hyphens."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)


class ExtraData(_Part):
    """Data beyond MSWAL that something was trained on, pretraining included."""

    name: Line
    """Its name."""
    public: bool
    """Whether others can have it."""
    use: Line
    """What it was used for: pretraining, pseudo-labels, and so on."""


class Ensemble(_Part):
    """How many networks predict together."""

    models: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many."""
    description: Text = ""
    """Which they are, and how their predictions are joined."""


class Cost(_Part):
    """What training and prediction took, as the authors claim it. Left out where not known."""

    gpu: Line | None = None
    """The GPU's model."""
    gpus: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many at a time; 0 for none."""
    training_gpu_hours: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """GPUs x hours, of all networks of the ensemble together."""
    prediction_s_per_case: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """Seconds for one case, by the whole ensemble."""
    peak_gpu_mib: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """The most memory held on one GPU, in training."""
    parameters: Annotated[int, Field(ge=0, le=10**15)] | None = None
    """Trainable parameters of one network."""


class PublicForm(_Part):
    """What the board shows of a form."""

    schema_version: Literal[1] = 1
    """The version of this form."""
    method: Name
    """The method's name on the board."""
    authors: Annotated[list[Line], Field(min_length=1, max_length=100)]
    """The authors' names, as in a paper."""
    affiliation: Line
    """Where the authors work, in one line."""
    paper: Link | None = None
    """Where the method is described: https://..."""
    code: Link | None = None
    """Where its code is: https://..."""
    # Left out where there is none, as `package` is.
    model: Annotated[Link | None, Field(exclude_if=lambda model: model is None)] = None
    """Where the trained method can be had: https://..."""
    model_digest: Annotated[
        Annotated[str, StringConstraints(pattern=_DIGEST)] | None, Field(exclude_if=lambda digest: digest is None)
    ] = None
    """The digest of its model bundle, as `mswal-bench model verify` prints it."""
    track: TrackName
    """The manifest's track: official-test, public-cv, or another of the organiser's."""
    # Left out of the form of a method, as it was before there was this field.
    drawn_by: Annotated[Literal["method", "people"], Field(exclude_if=lambda drawn_by: drawn_by == "method")] = "method"
    """Who drew the label maps: method or people. People are shown as a reference and not ranked."""
    baseline: Annotated[str, StringConstraints(pattern=_KEY)] | None = None
    """The method of mswal-bench that predicted, if one did: one of `mswal-bench methods --names`."""
    variant: Annotated[str, StringConstraints(pattern=_VARIANT)] | None = None
    """The variant of that method, if it was one."""
    # Left out where there is none: the digest of a form from before there were plug-ins is over the form without it.
    package: Annotated[
        Annotated[str, StringConstraints(pattern=_PACKAGE)] | None, Field(exclude_if=lambda package: package is None)
    ] = None
    """The package and version that the baseline came with, if it was a plug-in: hu-table 1.0."""
    extra_data: Annotated[list[ExtraData], Field(max_length=50)] = []
    """Training data beyond MSWAL, also that of pretrained weights; empty for none."""
    ensemble: Ensemble = Ensemble()
    """The networks that predict together."""
    post_processing: Text = ""
    """What is done to the networks' output, such as removing small components; empty for none."""
    cost: Cost = Cost()
    """What training and prediction took, as far as you know. Shown as claimed."""
    notes: Text = ""
    """Whatever else a reader should know; several lines if need be."""

    @property
    def of_people(self) -> bool:
        """Whether people drew the label maps."""
        return self.drawn_by == "people"


class SubmissionForm(PublicForm):
    """The content of `submission.yaml`."""

    contact: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_MAIL)]
    """An e-mail address for the organiser. Never published."""

    def published(self) -> PublicForm:
        """Leaves out of the form what is between the authors and the organiser."""
        return PublicForm.model_validate(self.model_dump(exclude={"contact"}))
