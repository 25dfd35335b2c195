from __future__ import annotations

import cc3d
import numpy as np
import pytest

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.phantom.canvas import Region
from mswal_bench.benchmark.data.phantom.case import PhantomCase
from mswal_bench.benchmark.data.phantom.organ_labels import ORGAN_LABELS, organ_label_map


@pytest.mark.parametrize("kind", list(ORGAN_LABELS))
def test_organ_and_lesions_by_hand(kind: str, tiny_cases: tuple[PhantomCase, ...]) -> None:
    """One voxel of everything: what the organ's own lesions cover is theirs, what others cover is nobody's."""
    case = tiny_cases[0]
    regions = np.array([Region.LIVER, Region.KIDNEY_LEFT, Region.KIDNEY_RIGHT, Region.FAT, Region.VESSEL], np.uint8)
    ids = np.array([0, *(lesion.id for lesion in LESION_CLASSES)], np.uint8)
    label, region = (np.ascontiguousarray(one)[None] for one in np.meshgrid(ids, regions))
    toy = PhantomCase(case.patient, case.image, label, region, case.spacing_mm, case.origin_mm)
    # Rows are regions; columns as in `LESION_CLASSES`, after none.
    expected = {
        "lits": [[1, 0, 0, 2, 0, 0, 1, 0], *[[0, 0, 0, 2, 0, 0, 1, 0]] * 4],
        "kits": [[0, 0, 1, 0, 2, 0, 0, 3], *[[1, 0, 1, 0, 2, 0, 0, 3]] * 2, *[[0, 0, 1, 0, 2, 0, 0, 3]] * 2],
    }[kind]
    assert organ_label_map(toy, ORGAN_LABELS[kind])[0].tolist() == expected


@pytest.mark.parametrize(("kind", "ml", "parts"), [("lits", (900, 2600), 1), ("kits", (150, 900), 2)])
def test_organs_are_whole_and_of_their_size(
    tiny_cases: tuple[PhantomCase, ...], kind: str, ml: tuple[int, int], parts: int
) -> None:
    for case in tiny_cases[:6]:
        organ = organ_label_map(case, ORGAN_LABELS[kind]) > 0
        assert ml[0] < organ.sum() * np.prod(case.spacing_mm) / 1000 < ml[1]
        sizes = np.bincount(cc3d.connected_components(organ, connectivity=26).ravel())[1:]
        # Crumbs are what vessels and lesions of others cut off.
        assert np.sort(sizes)[-parts:].sum() > 0.98 * sizes.sum()
