"""Chooses the lesion on which methods differ most, and the planes that show it best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.metrics.components import Components
from mswal_bench.metrics.foreground import Indices

from .body_planes import VIEWS, BodyGrid, View, planes_of_runs, voxels_of
from .compared_case import ComparedCase


@dataclass(frozen=True, eq=False)
class Target:
    """Is the lesion that a figure shows."""

    components: Components
    """Are the reference's lesions or, for a false positive, those that its method predicts."""
    component: int
    """Is the lesion's place among them, from 0."""

    def voxels(self) -> Indices:
        """Returns the flat index of each of the lesion's voxels."""
        return voxels_of(self.components.foreground.select(self.components.of_run == self.component))

    def pixels(self, places: Indices) -> NDArray[np.bool_]:
        """Returns which pixels of a plane, given by its `BodyGrid.places`, belong to the lesion."""
        plane = planes_of_runs(self.components.foreground, self.components.of_run + 1, places)
        return np.asarray(plane == self.component + 1)


def choose_target(
    compared: ComparedCase, grid: BodyGrid, given: Mapping[View, int], class_key: str | None, lesion_id: int | None
) -> Target | None:
    """Chooses the lesion that a figure shows; None when there is no lesion at all.

    It is the missed lesion of the reference for which this product is largest: its voxels, times the number of methods
    that miss it, times one more than the number that find it. When none is missed, it is the largest false positive;
    without one, the lesion with the most wrong voxels, summed over the methods; and when nothing is wrong, the largest
    lesion. Lesions that more of the `given` planes cut come before all others. With `class_key`, only lesions of that
    class are considered; with `lesion_id` too, only the reference's lesion of that number in `lesions.csv`. Raises
    BenchError when there is no such lesion.
    """
    targets: list[Target] = []
    weights: list[list[int]] = []
    for components, *telling in _candidates(compared):
        chosen = _asked_for(compared, components, class_key, lesion_id)
        weighing = np.stack([_planes_cut(components, grid, given), *telling, components.voxels], axis=1)
        targets += [Target(components, component) for component in np.flatnonzero(chosen).tolist()]
        weights += weighing[chosen].tolist()
    if not targets:
        if class_key is None:
            return None
        asked = class_key if lesion_id is None else f"{class_key}:{lesion_id}"
        what = f"neither the reference nor a prediction has a lesion {asked}"
        if lesion_id is not None:
            what = f"the reference has no lesion {asked}"
        raise BenchError(Problem(what, f"case {compared.case}", _what_there_is(compared)))
    # Among equals, the first is taken.
    return targets[max(range(len(targets)), key=lambda place: (weights[place], -place))]


def choose_plane(target: Target | None, grid: BodyGrid, view: View) -> int:
    """Returns the plane with the most pixels of the lesion; among equals, the one nearest to the lesion's middle.

    Without a lesion, it is the middle plane.
    """
    if target is None:
        return grid.count(view) // 2
    along = grid.planes_at(view, target.voxels())
    pixels = np.bincount(along)
    most = np.flatnonzero(pixels == pixels.max())
    return int(most[np.abs(most - along.mean()).argmin()])


def _candidates(compared: ComparedCase) -> list[tuple[Components, Indices, Indices, Indices]]:
    """Returns the lesions of each side with three weights: as missed, as false positive, in wrong voxels.

    A predicted lesion that has a match has no weight of its own, for the reference's lesion stands for both.
    """
    reference = compared.reference
    missing, wrong = np.zeros(reference.count, np.int64), np.zeros(reference.count, np.int64)
    none = np.zeros_like(missing)
    predicted = []
    for method in compared.methods:
        missing += ~method.found
        rows = method.score.lesions
        pairs = ~rows.is_prediction & rows.is_matched
        # The DSC is the share of both lesions' voxels that they have in common; the rest is wrong.
        first = np.searchsorted(method.components.class_ids, rows.class_id[pairs])
        both = rows.voxels[pairs] + method.components.voxels[first + rows.matched_id[pairs] - 1]
        wrong[method.found] += np.rint(both * (1 - rows.dsc[pairs])).astype(np.int64)
        alone = np.where(method.matched, 0, method.components.voxels)
        nothing = np.zeros_like(alone)
        predicted.append((method.components, nothing, alone, nothing))
    disputed = reference.voxels * missing * (len(compared.methods) - missing + 1)
    return [(reference, disputed, none, wrong), *predicted]


def _asked_for(
    compared: ComparedCase, components: Components, class_key: str | None, lesion_id: int | None
) -> NDArray[np.bool_]:
    chosen = np.ones(components.count, np.bool_)
    if class_key is not None:
        ids = [lesion.id for lesion in compared.protocol.lesion_classes if lesion.key == class_key]
        chosen &= np.isin(components.class_ids, ids)
    if lesion_id is not None:
        chosen &= (components.ids == lesion_id) & (components is compared.reference)
    return chosen


def _planes_cut(components: Components, grid: BodyGrid, given: Mapping[View, int]) -> Indices:
    """Returns how many of the given planes cut each lesion."""
    cut = np.zeros(components.count, np.int64)
    for view in VIEWS:
        if view in given:
            plane = planes_of_runs(components.foreground, components.of_run + 1, grid.places(view, given[view]))
            cut[np.unique(plane[plane > 0]) - 1] += 1
    return cut


def _what_there_is(compared: ComparedCase) -> str:
    reference = compared.reference
    keys = {lesion.id: lesion.key for lesion in compared.protocol.lesion_classes}
    class_ids, numbers = np.unique(reference.class_ids, return_counts=True)
    counts = {keys[class_id]: count for class_id, count in zip(class_ids.tolist(), numbers.tolist(), strict=True)}
    return ", ".join(f"{key}:1" + (f" to :{count}" if count > 1 else "") for key, count in counts.items()) or "none"
