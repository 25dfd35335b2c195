"""Scores one case whose label maps are arrays, and names its numbers by lesion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mswal_bench.benchmark.core.errors import Problem, listed, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.metrics.case import CaseScore, ClassCounts, score_case
from mswal_bench.metrics.foreground import HIGHEST_CLASS_ID, Foreground, foreground_of
from mswal_bench.metrics.surface_distance import SurfaceAgreement

from .scores import Scores, scores_of

if TYPE_CHECKING:
    import pandas

_AXES = "one number an axis of the arrays, in their order (z, y, x)"
_MOST_VALUES = 5


def score_arrays(
    reference: ArrayLike, prediction: ArrayLike, spacing_mm: Sequence[float], protocol: Protocol, *, details: bool
) -> CaseResult:
    """Compares two label maps (z, y, x) of one shape; with `details` by NSD and HD95 too.

    They hold whole numbers, the protocol's ids and 0, in any dtype, also bool and float. Raises BenchError with
    everything else that is found in them, and for a spacing that is not three positive lengths.
    """
    problems: list[Problem] = []
    sides = {
        name: _foreground(values, name, protocol, problems)
        for name, values in (("reference", reference), ("prediction", prediction))
    }
    of_reference, of_prediction = sides["reference"], sides["prediction"]
    lengths = _spacing(spacing_mm, problems)
    if of_reference is not None and of_prediction is not None and of_reference.shape != of_prediction.shape:
        problems.append(
            Problem(
                "is not of the reference's shape",
                "prediction",
                str(of_reference.shape),
                str(of_prediction.shape),
                "Resample it to the reference's grid, by the nearest label.",
            )
        )
    raise_if_any(problems)
    assert of_reference is not None
    assert of_prediction is not None
    score = score_case(
        of_reference,
        of_prediction,
        lengths,
        protocol.class_ids,
        match_iou=protocol.match_iou,
        connectivity=protocol.connectivity,
        axial_axis=0,
        nsd_tolerance_mm=protocol.nsd_tolerance_mm if details else None,
    )
    return CaseResult(protocol, score)


def _foreground(values: ArrayLike, name: str, protocol: Protocol, problems: list[Problem]) -> Foreground | None:
    """None, and a problem more, for what is no label map."""
    try:
        array: NDArray[Any] = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        problems.append(Problem(f"cannot be read as an array ({error})", name))
        return None
    if array.ndim != 3:
        mend = "A batch or a channel in front is taken off by `array[0]`." if array.ndim > 3 else ""
        problems.append(Problem("is not one 3D label map", name, "the axes (z, y, x)", f"shape {array.shape}", mend))
        return None
    if array.dtype.kind not in "buif":
        problems.append(Problem("holds no numbers", name, "integers, booleans or floats", str(array.dtype)))
        return None
    strangers = _strangers(array, protocol)
    if strangers:
        labels = f"0 to {protocol.class_ids[-1]}, whole numbers"
        mend = "Probabilities become labels by `argmax` over the classes." if array.dtype.kind == "f" else ""
        problems.append(Problem("holds values that are no labels", name, labels, strangers, mend))
        # Its shape can be compared all the same.
        array = np.zeros(array.shape, np.uint8)
    return foreground_of(array.astype(np.uint8, copy=False))


def _strangers(array: NDArray[Any], protocol: Protocol) -> str:
    """The values that are no labels, for a sentence; empty where there are none."""
    if not array.size:
        return ""
    # Comparisons with NaN are false.
    if array.min() >= 0 and array.max() <= HIGHEST_CLASS_ID:
        labels = array.astype(np.uint8, copy=False)
        held = np.unique(foreground_of(labels).class_ids)
        if np.isin(held, protocol.class_ids).all() and (array.dtype.kind != "f" or np.array_equal(labels, array)):
            return ""
    wrong = array[~np.isin(array, (0, *protocol.class_ids))]
    values = [f"{value:g}" if array.dtype.kind == "f" else str(value) for value in np.unique(wrong).tolist()]
    voxels = "1 voxel" if wrong.size == 1 else f"{wrong.size} voxels"
    return f"{listed(values, _MOST_VALUES)} in {voxels}"


def _spacing(spacing_mm: Sequence[float], problems: list[Problem]) -> tuple[float, ...]:
    try:
        lengths = tuple(float(length) for length in spacing_mm)
    except (TypeError, ValueError):
        problems.append(Problem("is not three lengths in mm", "spacing_mm", _AXES, repr(spacing_mm)))
        return ()
    if len(lengths) != 3 or not all(isfinite(length) and length > 0 for length in lengths):
        problems.append(Problem("is not three positive lengths in mm", "spacing_mm", _AXES, str(lengths)))
    return lengths


@dataclass(frozen=True, eq=False)
class CaseResult(Mapping[str, ClassCounts]):
    """The score of one case, by lesion: `result["kidney_tumor"].dsc`.

    Printed, it is the table that `mswal-bench score` prints; in a notebook it is one in HTML.
    """

    protocol: Protocol
    score: CaseScore
    """By class id, with a row for every lesion and, where details were asked for, the surfaces' agreement."""

    def __getitem__(self, lesion: str) -> ClassCounts:
        """The counts of a lesion type, `dsc` and `f1` among them. Raises KeyError for one that there is not."""
        ids = {each.key: each.id for each in self.protocol.lesion_classes}
        if lesion not in ids:
            what = f"there is no lesion {lesion!r}"
            raise KeyError(str(Problem(what, expected=f"one of {', '.join(ids)}", mend=did_you_mean(lesion, ids))))
        return self.score.classes[ids[lesion]]

    def __iter__(self) -> Iterator[str]:
        return (lesion.key for lesion in self.protocol.lesion_classes)

    def __len__(self) -> int:
        return len(self.protocol.lesion_classes)

    @property
    def surfaces(self) -> Mapping[str, SurfaceAgreement] | None:
        """NSD and HD95 by lesion; None where details were not asked for."""
        measured = self.score.surfaces
        if measured is None:
            return None
        return {lesion.key: measured[lesion.id] for lesion in self.protocol.lesion_classes}

    def to_frame(self) -> pandas.DataFrame:
        """A row a number of a lesion type: `lesion`, `metric`, `value`. NaN where undefined."""
        from .score_frames import case_numbers_frame

        return case_numbers_frame(self.score, {lesion.id: lesion.key for lesion in self.protocol.lesion_classes})

    def __str__(self) -> str:
        return str(self._as_scores())

    def __repr__(self) -> str:
        return f"<CaseResult: {len(self.score.lesions)} lesions, {self.protocol.id}>"

    def _repr_html_(self) -> str:
        return self._as_scores()._repr_html_()

    def _as_scores(self) -> Scores:
        return scores_of(self.protocol, {"prediction": {"case": self.score}})
