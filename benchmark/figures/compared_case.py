"""One case's label maps beside each other: what is where, and which lesions the protocol takes for errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.benchmark.data.protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.metrics.aggregation import defined_mean
from mswal_bench.metrics.case import CaseScore, score_case
from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.foreground import Foreground, Indices

from .body_planes import planes_of_runs

Kind = Literal["reference", "predicted", "matched reference", "FP", "FN"]


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of a plane: lesions of one class that are drawn alike."""

    kind: Kind
    """`reference` and `predicted` are all labelled pixels of a side. Of the rest `FP` and `FN` are lesions without a
    match, and `matched reference` are those of the reference that have one."""
    lesion: LesionClass
    pixels: NDArray[np.bool_]
    """(rows, columns)"""


@dataclass(frozen=True, eq=False)
class ComparedMethod:
    """A method's prediction of the case."""

    title: str
    components: Components
    score: CaseScore
    found: NDArray[np.bool_]
    """For each component of the reference, whether it has a match; the others are false negatives."""
    matched: NDArray[np.bool_]
    """For each component of the prediction, whether it has a match; the others are false positives."""

    @property
    def mean_dsc(self) -> float:
        """Over the classes that either side has; NaN without any."""
        mean, _ = defined_mean(counts.dsc for counts in self.score.classes.values())
        return mean

    @property
    def counts(self) -> tuple[int, int, int]:
        """TP, FP and FN of all classes."""
        every = self.score.classes.values()
        return sum(each.tp for each in every), sum(each.fp for each in every), sum(each.fn for each in every)


@dataclass(frozen=True, eq=False)
class ComparedCase:
    """A case's reference with every method's prediction of it, on one grid."""

    case: str
    geometry: Geometry
    protocol: Protocol
    reference: Components
    methods: tuple[ComparedMethod, ...]

    def reference_regions(self, places: Indices) -> list[Region]:
        """What the reference has in a plane, by its `BodyGrid.places`; one a class, none of what is not there."""
        every = np.ones(self.reference.count, np.bool_)
        return list(self._regions("reference", self.reference, every, places))

    def method_regions(self, method: ComparedMethod, places: Indices) -> list[Region]:
        """What a method has in a plane, in the order in which it is drawn: all it predicts, then what is marked."""
        predicted, reference = method.components, self.reference
        every = np.ones(predicted.count, np.bool_)
        return [
            *self._regions("predicted", predicted, every, places),
            *self._regions("matched reference", reference, method.found, places),
            *self._regions("FP", predicted, ~method.matched, places),
            *self._regions("FN", reference, ~method.found, places),
        ]

    def _regions(
        self, kind: Kind, components: Components, chosen: NDArray[np.bool_], places: Indices
    ) -> Iterator[Region]:
        class_ids = np.where(chosen, components.class_ids, 0)[components.of_run]
        plane = planes_of_runs(components.foreground, class_ids, places)
        for lesion in self.protocol.lesion_classes:
            pixels = plane == lesion.id
            if pixels.any():
                yield Region(kind, lesion, pixels)


def compare(
    case: str,
    geometry: Geometry,
    reference: Foreground,
    predictions: Mapping[str, Foreground],
    protocol: Protocol,
) -> ComparedCase:
    """Scores each prediction, by its method's title, as `mswal-bench score` does.

    Foregrounds are (z, y, x), on the grid `geometry`. Raises ValueError when their shapes differ.
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
        # A side's rows are in the order of its components: by class, then by number.
        is_matched, is_prediction = score.lesions.is_matched, score.lesions.is_prediction
        components = connected_components(prediction, protocol.connectivity)
        methods.append(ComparedMethod(title, components, score, is_matched[~is_prediction], is_matched[is_prediction]))
    return ComparedCase(case, geometry, protocol, of_reference, tuple(methods))
