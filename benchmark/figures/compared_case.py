"""Compares the methods' predictions of one case: which lesions the protocol counts as found, missed and false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.metrics.aggregation import defined_mean
from mswal_bench.metrics.case import CaseScore, score_case
from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.foreground import Foreground, Indices

from .body_planes import planes_of_runs

MarkKind = Literal["reference", "predicted", "matched reference", "FP", "FN"]


@dataclass(frozen=True, eq=False)
class LesionMark:
    """Marks the pixels of a plane in which lesions of one class are drawn alike."""

    kind: MarkKind
    """Says which lesions these are. `reference` and `predicted` are all lesions of that side; `FP` and `FN` are the
    lesions without a match; `matched reference` are the reference's lesions that have one."""
    lesion: LesionClass
    pixels: NDArray[np.bool_]
    """Has the shape (rows, columns)."""


@dataclass(frozen=True, eq=False)
class MethodOnCase:
    """Holds a method's prediction of the case, and its score."""

    title: str
    components: Components
    """Holds the predicted lesions."""
    score: CaseScore
    found: NDArray[np.bool_]
    """Says for each lesion of the reference whether it has a match; those without are false negatives."""
    matched: NDArray[np.bool_]
    """Says for each predicted lesion whether it has a match; those without are false positives."""

    @property
    def mean_dsc(self) -> float:
        """Returns the mean DSC over the classes that either side has; NaN when neither side has any."""
        mean, _ = defined_mean(counts.dsc for counts in self.score.classes.values())
        return mean

    @property
    def counts(self) -> tuple[int, int, int]:
        """Returns TP, FP and FN, summed over the classes."""
        every = self.score.classes.values()
        return sum(each.tp for each in every), sum(each.fp for each in every), sum(each.fn for each in every)


@dataclass(frozen=True, eq=False)
class ComparedCase:
    """Holds a case's reference and every method's prediction of it, on one grid."""

    case: str
    geometry: Geometry
    protocol: Protocol
    reference: Components
    methods: tuple[MethodOnCase, ...]

    def reference_marks(self, places: Indices) -> list[LesionMark]:
        """Returns a mark for each class that the reference has in a plane, given by its `BodyGrid.places`."""
        every = np.ones(self.reference.count, np.bool_)
        return list(self._marks("reference", self.reference, every, places))

    def method_marks(self, method: MethodOnCase, places: Indices) -> list[LesionMark]:
        """Returns a method's marks in a plane in the order of drawing: all it predicts, then matches and errors."""
        predicted, reference = method.components, self.reference
        every = np.ones(predicted.count, np.bool_)
        return [
            *self._marks("predicted", predicted, every, places),
            *self._marks("matched reference", reference, method.found, places),
            *self._marks("FP", predicted, ~method.matched, places),
            *self._marks("FN", reference, ~method.found, places),
        ]

    def _marks(
        self, kind: MarkKind, components: Components, chosen: NDArray[np.bool_], places: Indices
    ) -> Iterator[LesionMark]:
        class_ids = np.where(chosen, components.class_ids, 0)[components.of_run]
        plane = planes_of_runs(components.foreground, class_ids, places)
        for lesion in self.protocol.lesion_classes:
            pixels = plane == lesion.id
            if pixels.any():
                yield LesionMark(kind, lesion, pixels)


def compare(
    case: str,
    geometry: Geometry,
    reference: Foreground,
    predictions: Mapping[str, Foreground],
    protocol: Protocol,
) -> ComparedCase:
    """Scores each prediction as `mswal-bench score` does; `predictions` has the methods' titles for keys.

    Foregrounds are in the order (z, y, x) and lie on the grid `geometry`. Raises ValueError when their shapes differ.
    """
    of_reference = connected_components(reference, protocol.connectivity)
    methods = []
    for title, prediction in predictions.items():
        score = score_case(
            reference,
            prediction,
            geometry.spacing_mm[::-1],
            protocol.class_ids,
            match_iou=protocol.match_iou,
            connectivity=protocol.connectivity,
            axial_axis=2 - geometry.axial_axis,
        )
        # The rows of a side are in the order of its components: by class, then by number.
        is_matched, is_prediction = score.lesions.is_matched, score.lesions.is_prediction
        components = connected_components(prediction, protocol.connectivity)
        methods.append(MethodOnCase(title, components, score, is_matched[~is_prediction], is_matched[is_prediction]))
    return ComparedCase(case, geometry, protocol, of_reference, tuple(methods))
