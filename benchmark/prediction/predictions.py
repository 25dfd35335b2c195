"""Defines `Predictions`, what predicting images gives: label maps, and the lesions in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.models.notice import NOTICE
from mswal_bench.benchmark.tables.notebook import notebook_html, plain_view
from mswal_bench.benchmark.tables.terminal import terminal_width
from mswal_bench.benchmark.tables.terminal_letters import as_printed
from mswal_bench.benchmark.tables.view import Title
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

from .predicted_lesions import COLUMNS, PredictedLesions, lesions_of, write_lesions

if TYPE_CHECKING:
    import pandas

_WHAT = "Cases that have the lesion, lesions and their volume in all cases, the longest axial diameter."
_HEADS = ("Lesion", "Cases", "Lesions", "Volume, ml", "Largest, mm")
_ML = 1000
"""Of a millilitre, in mm3."""
_NONE = "\N{EN DASH}"


@dataclass(frozen=True)
class Predictions:
    """The label maps of some images, `folder/CASE.nii.gz`, each in its image's geometry."""

    folder: Path
    model: str
    """For a sentence: `nnU-Net v2, trained on MSWAL, folds 0, 1, 2, 3 and 4`."""
    folds: tuple[int, ...]
    """The folds whose ensemble predicted."""
    cases: tuple[str, ...]
    """Sorted."""
    classes: tuple[LesionClass, ...]
    """What was looked for, by id."""
    warnings: tuple[Problem, ...] = ()
    """What is odd with images that this call predicted, as abdominal CTs."""

    def label_map(self, case: str) -> Path:
        """Returns the file of a case's label map."""
        return self.folder / f"{case}.nii.gz"

    @cached_property
    def lesions(self) -> tuple[PredictedLesions, ...]:
        """The lesions of each case, read from the label maps when they are first asked for."""
        ids = [each.id for each in self.classes]
        return tuple(lesions_of(case, self.label_map(case), ids) for case in self.cases)

    @property
    def keys(self) -> dict[int, str]:
        """The keys of the classes, by id."""
        return {each.id: each.key for each in self.classes}

    def write_lesions(self, path: Path) -> None:
        """Writes a CSV with a row for every lesion, whole or not at all. Raises OSError."""
        write_lesions(path, self.lesions, self.keys)

    def to_frame(self) -> pandas.DataFrame:
        """A row a lesion: `case`, `lesion` (its type), `number` (of its type in the case), `voxels`, `volume_mm3`,
        `diameter_mm` (the longest axial), and its centre in the patient, LPS: `centroid_x_mm` and so on."""
        import pandas

        names = {"class": "lesion", "lesion": "number"}
        rows = [row for of_case in self.lesions for row in of_case.rows(self.keys)]
        return pandas.DataFrame(rows, columns=[names.get(column, column) for column in COLUMNS])

    def __repr__(self) -> str:
        return f"<Predictions of {_cases(len(self.cases))} in {self.folder}>"

    def __str__(self) -> str:
        return as_printed(f"{self.table()}\n{NOTICE}")

    def _repr_html_(self) -> str:
        title = Title(self._title, "", label="")
        return notebook_html(plain_view(_HEADS, list(self._rows()), [_WHAT, NOTICE], title=title))

    def table(self) -> str:
        """Returns as text, without the notice, how many lesions of each type there are and how large they are."""
        align = ("left", *["right"] * (len(_HEADS) - 1))
        width = terminal_width()
        table = wrapped_table(_HEADS, list(self._rows()), align, width=width)
        title, what = (fill(text, width) if width is not None else text for text in (self._title, _WHAT))
        return "\n".join([title, "", table, "", what])

    @property
    def _title(self) -> str:
        return f"{self.model}: {_cases(len(self.cases))} predicted"

    def _rows(self) -> Iterator[list[str]]:
        for each in self.classes:
            of_class = [(of_case, of_case.class_ids == each.id) for of_case in self.lesions]
            counts = [int(chosen.sum()) for _, chosen in of_class]
            volume = sum(float(of_case.volume_mm3[chosen].sum()) for of_case, chosen in of_class) / _ML
            largest = max(
                (float(of.diameter_mm[chosen].max()) for of, chosen in of_class if chosen.any()), default=None
            )
            size = _NONE if largest is None else f"{largest:.1f}"
            yield [each.name, str(sum(map(bool, counts))), str(sum(counts)), f"{volume:.2f}", size]


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
