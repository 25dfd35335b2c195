"""Brings the labels of a case to the grids of networks and back, and scores what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.label_round_trip import LabelledImage, there_and_back
from mswal_bench.baselines.nnunet.label_boxes import Box
from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.label_headers import gathered_label_header
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry, disagreements
from mswal_bench.benchmark.volumes.gridded_labels import gathered_labels
from mswal_bench.metrics.case import CaseScore, score_case
from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.foreground import foreground_of

from .cropped_case import CroppedCase, outside_of


@dataclass(frozen=True, eq=False)
class Returned:
    """What came back of a case's labels from one grid."""

    score: CaseScore
    """Of what came back against the labels as given."""
    is_seen: tuple[bool, ...]
    """Of each reference lesion, in the order of the score's, whether the network's grid has a voxel of it."""


@dataclass
class ReturnedCase:
    """What came back of a case's labels from each grid."""

    case: str
    geometry: Geometry | None = None
    """Of the label map."""
    of_grids: list[Returned] = field(default_factory=list)
    """As many as there are grids; empty where the case cannot be read."""
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def return_case(cropped: CroppedCase, grids: Sequence[LabelGrid], protocol: Protocol) -> ReturnedCase:
    """Reads the label map of a case and scores what comes back of it. What is wrong is in the result."""
    result = ReturnedCase(cropped.case.id)
    path, image = cropped.case.label, cropped.geometry
    assert path is not None, "of a training case"
    assert image is not None, "its image could be read"
    header = gathered_label_header(path, protocol, result.problems, result.notes)
    if header is None:
        return result
    result.geometry = header.geometry
    # nnU-Net takes the arrays as they are stored, and so the axes of both must be the same.
    result.problems += disagreements(image, header.geometry, str(path))
    labels = gathered_labels(header, max(protocol.class_ids), result.problems, result.notes)
    if labels is None or result.problems:
        return result
    components = connected_components(labels, protocol.connectivity)
    labelled = LabelledImage(labels.to_array(), cropped.spacing_mm, cropped.crop, outside_of(cropped))
    lesions = list(lesion_boxes(components))
    for grid in grids:
        trip = there_and_back(labelled, grid, lesions)
        score = score_case(
            labels,
            foreground_of(trip.returned),
            header.geometry.spacing_mm[::-1],
            protocol.class_ids,
            match_iou=protocol.match_iou,
            connectivity=protocol.connectivity,
            axial_axis=2 - header.geometry.axial_axis,
        )
        result.of_grids.append(Returned(score, trip.is_seen))
        # Volumes: the next grid's take their place.
        del trip
    return result


def lesion_boxes(components: Components) -> Iterator[tuple[int, Box, NDArray[np.bool_]]]:
    """Of each lesion its class, the box (z, y, x) around it, and where in the box it is; in the lesions' order."""
    z, y, x = components.foreground.coordinates()
    lengths = components.foreground.lengths
    of_runs = np.stack([z, y, x]), np.stack([z + 1, y + 1, x + lengths])
    order = np.argsort(components.of_run, kind="stable")
    ends = np.cumsum(np.bincount(components.of_run, minlength=components.count)).tolist()
    for class_id, start, end in zip(components.class_ids.tolist(), [0, *ends], ends, strict=False):
        runs = order[start:end]
        low, high = of_runs[0][:, runs].min(axis=1), of_runs[1][:, runs].max(axis=1)
        mask = np.zeros(high - low, bool)
        places = (of_runs[0][:, runs] - low[:, None]).T.tolist()
        for (at_z, at_y, at_x), length in zip(places, lengths[runs].tolist(), strict=True):
            mask[at_z, at_y, at_x : at_x + length] = True
        yield class_id, tuple(slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)), mask
