"""The scorer's rules once more, on whole arrays with scipy, for small label maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics import ClassCounts, Lesion
from mswal_bench.metrics.components import Components

_RANKS = {6: 1, 18: 2, 26: 3}


def label(labels: NDArray[Any], connectivity: int = 26) -> tuple[NDArray[np.int64], list[int]]:
    """The components, numbered from 1 by class and then by first voxel, and the class of each."""
    structure = ndimage.generate_binary_structure(3, _RANKS[connectivity])
    numbers = np.zeros(labels.shape, np.int64)
    of_class: list[int] = []
    for class_id in np.unique(labels[labels != 0]).tolist():
        # scipy numbers in C order.
        found, count = ndimage.label(labels == class_id, structure)
        numbers[found > 0] = found[found > 0] + len(of_class)
        of_class += [class_id] * count
    return numbers, of_class


def component_array(components: Components) -> NDArray[np.integer[Any]]:
    """What the library found, as an array like that of `label`."""
    return replace(components.foreground, class_ids=components.of_run + 1).to_array(np.int64)


def score(
    reference: NDArray[Any],
    prediction: NDArray[Any],
    spacing_mm: Sequence[float],
    class_ids: Sequence[int],
    *,
    match_iou: Fraction = Fraction(1, 2),
    connectivity: int = 26,
    axial_axis: int = 0,
) -> tuple[dict[int, ClassCounts], list[Lesion]]:
    """The counts and the lesions that `score_case` should give."""
    structure = ndimage.generate_binary_structure(3, _RANKS[connectivity])
    counts, lesions = {}, []
    for class_id in class_ids:
        r, r_count = ndimage.label(reference == class_id, structure)
        p, p_count = ndimage.label(prediction == class_id, structure)
        table = np.bincount((r * (p_count + 1) + p).ravel(), minlength=(r_count + 1) * (p_count + 1))
        table = table.reshape(r_count + 1, p_count + 1)
        r_voxels, p_voxels, shared = table[1:].sum(axis=1), table[:, 1:].sum(axis=0), table[1:, 1:]
        union = r_voxels[:, None] + p_voxels - shared
        matched = shared * match_iou.denominator >= union * match_iou.numerator
        tp = int(matched.sum())
        counts[class_id] = ClassCounts(
            int(r_voxels.sum()), int(p_voxels.sum()), int(shared.sum()), tp=tp, fp=p_count - tp, fn=r_count - tp
        )
        for numbers, pairs, common, unions, predicted in (
            (r, matched, shared, union, False),
            (p, matched.T, shared.T, union.T, True),
        ):
            for number, box in enumerate(ndimage.find_objects(numbers), 1):
                mask = numbers[box] == number
                mine, whole = common[number - 1], unions[number - 1]
                partners = np.flatnonzero(pairs[number - 1])
                assert partners.size <= 1
                voxels = int(mask.sum())
                status = "TP" if partners.size else "FP" if predicted else "FN"
                middle = np.argwhere(mask).mean(axis=0) + [side.start for side in box]
                centroid = (middle * spacing_mm).tolist()
                lesions.append(
                    Lesion(
                        class_id,
                        "prediction" if predicted else "reference",
                        number,
                        voxels,
                        voxels * prod(spacing_mm),
                        diameter_mm(mask, spacing_mm, axial_axis),
                        (centroid[0], centroid[1], centroid[2]),
                        int(partners[0]) + 1 if partners.size else None,
                        float((mine / whole).max(initial=0)),
                        float((2 * mine / (whole + mine)).max(initial=0)),
                        status,  # type: ignore[arg-type]
                    )
                )
    return counts, lesions


def diameter_mm(mask: NDArray[np.bool_], spacing_mm: Sequence[float], axial_axis: int) -> float:
    """The greatest distance between two corners of voxels in one slice, of all pairs of them, to the micrometre."""
    first, second = (axis for axis in range(3) if axis != axial_axis)
    steps = np.array([spacing_mm[first], spacing_mm[second]])
    longest = 0.0
    for plane in mask.transpose(axial_axis, first, second):
        corners = np.zeros((plane.shape[0] + 1, plane.shape[1] + 1), bool)
        for rows, columns in product((slice(None, -1), slice(1, None)), repeat=2):
            corners[rows, columns] |= plane
        points = np.argwhere(corners) * steps
        if points.size:
            apart = points[:, None] - points
            longest = max(longest, float(np.square(apart).sum(axis=-1).max()))
    return round(sqrt(longest), 3)


def assert_same_lesions(found: Sequence[Lesion], expected: Sequence[Lesion]) -> None:
    """Numbers that are counted are equal, those that are measured nearly."""
    assert [_counted(row) for row in found] == [_counted(row) for row in expected]
    np.testing.assert_allclose(
        [_measured(row) for row in found], [_measured(row) for row in expected], rtol=1e-12, atol=1e-12
    )


def _counted(row: Lesion) -> tuple[object, ...]:
    return row.class_id, row.side, row.lesion_id, row.voxels, row.matched_id, row.status


def _measured(row: Lesion) -> tuple[float, ...]:
    return row.volume_mm3, row.diameter_mm, *row.centroid_mm, row.iou, row.dsc


def blobs(
    random: np.random.Generator, shape: tuple[int, ...] | None = None, classes: int = 3
) -> NDArray[np.integer[Any]]:
    """Classes 0 to `classes`: specks, bars and clumps, as thick and as dense as chance has it."""
    if shape is None:
        shape = tuple(random.integers(1, 12, 3).tolist())
    labels = random.integers(0, classes + 1, shape) * (random.random(shape) < random.choice([0.02, 0.1, 0.3, 0.6]))
    return ndimage.grey_dilation(labels, size=random.integers(1, 4, 3).tolist())
