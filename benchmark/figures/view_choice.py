"""Chooses the lesion that shows most of what went wrong, and the planes that show it best."""

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
    """The lesion that is shown."""

    components: Components
    """Of the reference, or of the method that has it."""
    component: int

    def voxels(self) -> Indices:
        """Flat index of each of its voxels."""
        return voxels_of(self.components.foreground.select(self.components.of_run == self.component))

    def pixels(self, places: Indices) -> NDArray[np.bool_]:
        """Where it is in a plane."""
        plane = planes_of_runs(self.components.foreground, self.components.of_run + 1, places)
        return np.asarray(plane == self.component + 1)


def choose_target(
    compared: ComparedCase, grid: BodyGrid, given: Mapping[View, int], class_key: str | None, lesion_id: int | None
) -> Target | None:
    """The lesion of the reference that methods disagree about most.

    That is where its voxels, times the methods that miss it, times one more than the methods that find it, are most.
    When none is missed it is the largest false positive; without any, the lesion with most wrong voxels, summed over
    the methods; and when nothing is wrong, the largest. With `given` planes, one that most of them cut comes first.
    With `class_key`, it is one of that class; with `lesion_id` too, the reference's lesion of that number in
    `lesions.csv`. None when there is no lesion at all. Raises BenchError when there is none of those asked for.
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
    # The first of equals.
    return targets[max(range(len(targets)), key=lambda place: (weights[place], -place))]


def choose_plane(target: Target | None, grid: BodyGrid, view: View) -> int:
    """The plane with most pixels of the lesion, of equals the one nearest to its middle; the middle one without any."""
    if target is None:
        return grid.count(view) // 2
    along = grid.planes_at(view, target.voxels())
    pixels = np.bincount(along)
    most = np.flatnonzero(pixels == pixels.max())
    return int(most[np.abs(most - along.mean()).argmin()])


def _candidates(compared: ComparedCase) -> list[tuple[Components, Indices, Indices, Indices]]:
    """For each side its components, and what each of them weighs: as missed, as false positive, in wrong voxels.

    A lesion of a prediction that has a match is seen with the reference's.
    """
    reference = compared.reference
    missing, wrong = np.zeros(reference.count, np.int64), np.zeros(reference.count, np.int64)
    none = np.zeros_like(missing)
    predicted = []
    for method in compared.methods:
        missing += ~method.found
        rows = method.score.lesions
        pairs = ~rows.is_prediction & rows.is_matched
        # Of the voxels of both together, the DSC is the share that they have in common, and the rest is wrong.
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
    """How many of the given planes cut each component."""
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
