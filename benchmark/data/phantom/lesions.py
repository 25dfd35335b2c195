"""Places a patient's lesions, each in the organ it belongs to, none touching another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.mswal_facts import LARGE_FROM_MM

from .attenuation import NECROSIS_HU, LesionAttenuation
from .canvas import Canvas, Tissue
from .cohort import BURDENS, Patient, PlannedLesion
from .grids import Slices
from .lesion_shapes import Stamp, shape_of, stamp
from .organs import Host

# Tissue that a lesion growing out of its organ may displace: first fat and bowel, then soft organs as well.
_SOFT = (Tissue.FAT, Tissue.KEPT_FAT, Tissue.BOWEL)
_ORGANS = (Tissue.LIVER, Tissue.KIDNEY_RIGHT, Tissue.KIDNEY_LEFT, Tissue.PANCREAS, Tissue.SPLEEN)
_FIRM = (*_SOFT, *_ORGANS, Tissue.MUSCLE, Tissue.LUNG)
# The share of a lesion that lies within its organ, as it was before.
_INSIDE = {
    "gallstone": (1.0, 1.0),
    "kidney_stone": (1.0, 1.0),
    "liver_tumor": (0.75, 1.0),
    "kidney_tumor": (0.45, 1.0),
    "pancreatic_cancer": (0.3, 1.0),
    "liver_cyst": (0.85, 1.0),
    "kidney_cyst": (0.4, 1.0),
}
_TRIES = 150
_SHRINK = 0.94
# How many of a lesion's voxels are looked at before all of them are: most places are ruled out by a few.
_PROBES = 400
_NECROTIC_FROM_MM, _NECROTIC_SHARE = 28.0, 0.4


@dataclass(frozen=True)
class _Attempt:
    """How hard a place is looked for: what may be displaced, and how much has to be inside."""

    displaces: tuple[Tissue, ...]
    inside: float


def place_lesions(
    canvas: Canvas,
    patient: Patient,
    hosts: Mapping[str, tuple[Host, ...]],
    attenuation: LesionAttenuation,
    shapes: np.random.Generator,
    places: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Paints all of the patient's lesions and returns their label map (z, y, x).

    Each lesion is one 26-connected component, and no two lesions touch, so the map's components are the lesions.
    The largest are placed first; a lesion that finds no room is made smaller within its size group.
    """
    label: npt.NDArray[np.uint8] = np.zeros(canvas.grid.shape, np.uint8)
    original = canvas.owner.copy()
    for lesion in sorted(patient.lesions, key=lambda one: -one.diameter_mm):
        placed, box = _placed(canvas, original, label, lesion, hosts[lesion.key], shapes, places)
        _paint(canvas, placed, box, lesion, attenuation, shapes)
        label[box][placed.mask] = BY_KEY[lesion.key].id
    return label


def _placed(
    canvas: Canvas,
    original: npt.NDArray[np.uint8],
    label: npt.NDArray[np.uint8],
    lesion: PlannedLesion,
    hosts: tuple[Host, ...],
    shapes: np.random.Generator,
    places: np.random.Generator,
) -> tuple[Stamp, Slices]:
    form = shape_of(lesion, shapes)
    shortest = BURDENS[lesion.key].shortest_mm if lesion.group == "small" else LARGE_FROM_MM
    inside = float(places.uniform(*_INSIDE[lesion.key]))
    diameter, last = lesion.diameter_mm, False
    while True:
        drawn = stamp(lesion, form, canvas.grid.spacing_mm, diameter_mm=diameter)
        for attempt in (_Attempt(_SOFT, inside), _Attempt(_SOFT, 0.6 * inside), _Attempt(_FIRM, 0.3 * inside)):
            for centre, host in _candidates(canvas, drawn, hosts, attempt.inside, places):
                box = _fits(canvas, original, label, drawn, centre, host, attempt)
                if box is not None:
                    return drawn, box
        if last:
            break
        last = diameter * _SHRINK <= shortest
        diameter = max(diameter * _SHRINK, shortest)
    # As small as it may be and no luck: look at every voxel of the organs.
    for host in hosts:
        for index in places.permutation(np.argwhere(original == host.tissue)):
            centre = (int(index[0]), int(index[1]), int(index[2]))
            box = _fits(canvas, original, label, drawn, centre, host, _Attempt(_FIRM, 0.0))
            if box is not None:
                return drawn, box
    raise RuntimeError(f"the phantom has no room for a {lesion.group} {lesion.key}: a fault of the generator")


def _candidates(
    canvas: Canvas, drawn: Stamp, hosts: tuple[Host, ...], inside: float, rng: np.random.Generator
) -> Iterator[tuple[tuple[int, int, int], Host]]:
    """Voxels in one of the organs, those first at whose depth about `inside` of the lesion is within the organ."""
    for host in (hosts[i] for i in rng.permutation(len(hosts))):
        lower, upper = host.solid.bounds_mm()
        points = rng.uniform(lower, upper, size=(6 * _TRIES, 3)).astype(np.float32)
        depth = -host.solid.distance_mm(points[:, 0], points[:, 1], points[:, 2])
        points, depth = points[depth > 0], depth[depth > 0]
        # For a ball at the surface half is within, at a depth of its radius all.
        wanted = (2 * min(inside, 1.0) - 1) * 0.5 * drawn.diameter_mm
        short = np.maximum(wanted - depth, 0) if inside > 0.97 else np.abs(depth - wanted)
        # Ties, the many points deep enough, stay in random order.
        for index in np.argsort(short.round(0), kind="stable")[:_TRIES]:
            x, y, z = points[index].tolist()
            yield canvas.grid.nearest((x, y, z)), host


def _fits(
    canvas: Canvas,
    original: npt.NDArray[np.uint8],
    label: npt.NDArray[np.uint8],
    drawn: Stamp,
    centre: tuple[int, int, int],
    host: Host,
    attempt: _Attempt,
) -> Slices | None:
    """The stamp's box at `centre` when the lesion may lie there, else None."""
    start = [index - own for index, own in zip(centre, drawn.centre, strict=True)]
    stop = [first + count for first, count in zip(start, drawn.mask.shape, strict=True)]
    if min(start) < 0 or any(last > count for last, count in zip(stop, label.shape, strict=True)):
        return None
    box = (slice(start[0], stop[0]), slice(start[1], stop[1]), slice(start[2], stop[2]))
    if original[centre] != host.tissue or label[centre]:
        return None
    probes = drawn.voxels[:: max(1, len(drawn.voxels) // _PROBES)] + np.array(start)
    # A sample says surely that something may not be displaced, but only about how much is inside.
    if not _allowed(original[tuple(probes.T)], host, attempt, tolerance=0.1):
        return None
    if not _allowed(original[box][drawn.mask], host, attempt, tolerance=0.03):
        return None
    others = label[box]
    if others.any() and others[ndimage.binary_dilation(drawn.mask, np.ones((3, 3, 3), bool))].any():
        return None
    return box


def _allowed(owners: npt.NDArray[np.uint8], host: Host, attempt: _Attempt, *, tolerance: float) -> bool:
    """Whether a lesion over voxels of these owners is enough within its organ and displaces only what it may."""
    counts = np.bincount(owners, minlength=len(Tissue))
    own = int(counts[host.tissue])
    displaced = sum(int(counts[one]) for one in attempt.displaces if one != host.tissue)
    return own >= (attempt.inside - tolerance) * len(owners) and own + displaced == len(owners)


def _paint(
    canvas: Canvas,
    drawn: Stamp,
    box: Slices,
    lesion: PlannedLesion,
    attenuation: LesionAttenuation,
    rng: np.random.Generator,
) -> None:
    hu = attenuation.hu(lesion.key)
    cover = canvas.cover(drawn.distance_mm)
    canvas.hu[box] += cover * (np.float32(hu) - canvas.hu[box])
    tumor = lesion.key in ("liver_tumor", "kidney_tumor", "pancreatic_cancer")
    if tumor and drawn.diameter_mm >= _NECROTIC_FROM_MM and rng.random() < _NECROTIC_SHARE:
        # Liquid in the middle, fading into what is alive around it.
        depth = -drawn.distance_mm / np.float32(0.5 * drawn.diameter_mm)
        core = np.clip((depth - 0.35) / 0.2, 0, 0.8).astype(np.float32)
        canvas.hu[box] += core * (np.float32(NECROSIS_HU) - canvas.hu[box])
