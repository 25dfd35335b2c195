"""Full-size pairs of label maps to measure on: drawn, not anybody's; the same for everyone by their seeds.

Arrays are (z, y, x). Lesions are deformed ellipsoids where the organs of an abdomen are; predictions are the
reference's lesions moved and deformed, some left out, some added.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Labels = NDArray[np.uint8]

CLASS_IDS = range(1, 8)
GALLSTONE, KIDNEY_STONE, LIVER_TUMOR, KIDNEY_TUMOR, PANCREATIC_CANCER, LIVER_CYST, KIDNEY_CYST = CLASS_IDS

_KIDNEYS = (((-15, 45, -65), (58, 28, 31)), ((-5, 45, 65), (58, 28, 31)))
_LIVER = (((50, -5, -75), (70, 65, 72)),)
# Class -> its organs as (centre, semi-axes), in mm from the grid's centre: z up, y to the back, x to the left.
_ORGANS: Mapping[int, tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]] = {
    GALLSTONE: (((15, -55, -50), (28, 15, 15)),),
    KIDNEY_STONE: _KIDNEYS,
    LIVER_TUMOR: _LIVER,
    KIDNEY_TUMOR: _KIDNEYS,
    PANCREATIC_CANCER: (((15, -5, 10), (18, 16, 60)),),
    LIVER_CYST: _LIVER,
    KIDNEY_CYST: _KIDNEYS,
}
# Class -> median diameter in mm, spread of its logarithm, least, most. Large ones are drawn first.
_DIAMETERS_MM = {
    LIVER_TUMOR: (18, 0.6, 6, 60),
    KIDNEY_TUMOR: (32, 0.35, 15, 60),
    PANCREATIC_CANCER: (30, 0.3, 15, 50),
    LIVER_CYST: (11, 0.5, 4, 40),
    KIDNEY_CYST: (12, 0.5, 4, 50),
    GALLSTONE: (8, 0.4, 3, 20),
    KIDNEY_STONE: (5, 0.35, 3, 12),
}
_TIMES_TRIED = 20
"""Places tried for a lesion before it is made smaller."""


@dataclass(frozen=True)
class PairRecipe:
    """What a pair is like."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    lesions: Mapping[int, int]
    """Class id -> lesions of the reference."""
    specks: int = 0
    """With any, the prediction is this many single voxels at random places that do not touch, and nothing else."""
    seed: int = 0

    def shrunken(self, factor: int) -> PairRecipe:
        """The same body on a grid that much coarser along each axis, to try things out on."""
        shape, spacing_mm = (tuple(f(v) for v in axes) for f, axes in _coarser(self, factor))
        return replace(self, shape=shape, spacing_mm=spacing_mm, specks=self.specks // factor**3)


def _coarser(recipe: PairRecipe, factor: int) -> Any:
    return (lambda n: max(n // factor, 1), recipe.shape), (lambda mm: mm * factor, recipe.spacing_mm)


_TYPICAL = PairRecipe((276, 512, 512), (1.25, 0.75, 0.75), dict(zip(CLASS_IDS, (4, 4, 6, 2, 1, 10, 8), strict=True)))
RECIPES: Mapping[str, PairRecipe] = {
    "typical": _TYPICAL,
    "worst": PairRecipe(
        (1089, 512, 512), (0.625, 0.75, 0.75), dict(zip(CLASS_IDS, (30, 20, 60, 8, 2, 90, 60), strict=True)), seed=1
    ),
    "speckle": replace(_TYPICAL, specks=100_000),
}
MANY_CASES = 484
EVALUATED_CASES = 8
_MANY_DISTINCT = 8


@dataclass(frozen=True)
class PairFiles:
    """A pair on disk."""

    reference: Path
    prediction: Path


@dataclass(frozen=True)
class _Blob:
    """A lesion before it is drawn: an ellipsoid whose radius varies with the direction and from slice to slice."""

    class_id: int
    centre_mm: NDArray[np.float64]
    semi_axes_mm: NDArray[np.float64]
    turn: NDArray[np.float64]
    """A rotation matrix."""
    waves: NDArray[np.float64]
    """Rows of three wave numbers, a phase and an amplitude."""
    wobble_seed: int

    def voxels(self, recipe: PairRecipe) -> tuple[tuple[slice, ...], NDArray[np.bool_]]:
        """The box it lies in, and its mask there: one 26-connected piece, never empty."""
        import numpy as np
        from scipy import ndimage

        spacing = np.array(recipe.spacing_mm)
        shape = np.array(recipe.shape)
        centre = np.clip(self.centre_mm / spacing + (shape - 1) / 2, 0, shape - 1)
        reach = np.ceil(1.4 * self.semi_axes_mm.max() / spacing)
        low, high = (np.clip(np.rint(centre + sign * reach), 0, shape - 1).astype(int) for sign in (-1, 1))
        axes = [(np.arange(a, b + 1) - c) * mm for a, b, c, mm in zip(low, high, centre, spacing, strict=True)]
        offsets = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) @ self.turn / self.semi_axes_mm
        distance = np.linalg.norm(offsets, axis=-1)
        direction = offsets / np.maximum(distance, 1e-9)[..., None]
        limit = np.ones(distance.shape)
        for *wave, phase, amplitude in self.waves:
            limit += amplitude * np.cos(direction @ np.array(wave) + phase)
        # People outline slice by slice, and no two slices alike.
        wobble = np.random.default_rng(self.wobble_seed).normal(0, 0.03, distance.shape[0])
        mask = distance <= limit + wobble[:, None, None]
        nearest = tuple(np.rint(centre).astype(int) - low)
        mask[nearest] = True
        pieces, _ = ndimage.label(mask, np.ones((3, 3, 3)))
        return tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True)), pieces == pieces[nearest]


def draw_pair(recipe: PairRecipe) -> tuple[Labels, Labels]:
    """The reference and the prediction of a recipe."""
    import numpy as np

    generator = np.random.default_rng(recipe.seed)
    reference = np.zeros(recipe.shape, np.uint8)
    blobs: list[_Blob] = []
    for class_id, (median, spread, least, most) in _DIAMETERS_MM.items():
        for _ in range(recipe.lesions[class_id]):
            diameter = float(np.clip(median * np.exp(generator.normal(0, spread)), least, most))
            # The first of all, a liver tumor, is as large as any.
            blobs.append(_place(reference, recipe, blobs, class_id, diameter if blobs else most, generator))
    if recipe.specks:
        return reference, _draw_specks(recipe, generator)
    prediction = np.zeros(recipe.shape, np.uint8)
    for blob in _predicted(blobs, recipe, generator):
        box, mask = blob.voxels(recipe)
        prediction[box][mask] = blob.class_id
    return reference, prediction


def _place(
    reference: Labels,
    recipe: PairRecipe,
    others: list[_Blob],
    class_id: int,
    diameter_mm: float,
    generator: np.random.Generator,
) -> _Blob:
    """Draws a new lesion where it covers no other and touches none of its class."""
    import numpy as np
    from scipy import ndimage

    centres = np.array([other.centre_mm for other in others]).reshape(-1, 3)
    radii = np.array([other.semi_axes_mm.min() for other in others])
    for attempt in range(200 * _TIMES_TRIED):
        if attempt % _TIMES_TRIED == _TIMES_TRIED - 1:
            diameter_mm = max(0.85 * diameter_mm, _DIAMETERS_MM[class_id][2])
        blob = _random_blob(class_id, diameter_mm, generator)
        # Drawing costs more than seeing that it would be in vain.
        apart = np.linalg.norm(centres - blob.centre_mm, axis=1)
        if (apart < 0.9 * (radii + blob.semi_axes_mm.min())).any():
            continue
        box, mask = blob.voxels(recipe)
        there = reference[box]
        around = ndimage.binary_dilation(mask, np.ones((3, 3, 3), bool))
        if not there[mask].any() and not (there[around] == class_id).any():
            # The box leaves room around the mask, so that nothing of its class touches it from outside of the box.
            there[mask] = class_id
            return blob
    raise RuntimeError(f"no room for a lesion of class {class_id}: too many of them")


def _random_blob(class_id: int, diameter_mm: float, generator: np.random.Generator) -> _Blob:
    import numpy as np

    organs = _ORGANS[class_id]
    centre, semi_axes = (np.array(part, float) for part in organs[generator.integers(len(organs))])
    towards = generator.normal(size=3)
    inside = towards / np.linalg.norm(towards) * generator.random() ** (1 / 3)
    stretch = np.exp(generator.normal(0, 0.15, 3))
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    waves = np.column_stack(
        [generator.normal(0, 2.5, (4, 3)), generator.uniform(0, 2 * np.pi, 4), generator.uniform(0, 0.07, 4)]
    )
    return _Blob(
        class_id,
        centre + inside * semi_axes,
        diameter_mm / 2 * stretch / stretch.mean(),
        turn,
        waves,
        int(generator.integers(2**31)),
    )


def _predicted(blobs: list[_Blob], recipe: PairRecipe, generator: np.random.Generator) -> list[_Blob]:
    """The lesions of the prediction: 15 % of the reference's left out, the others changed, 30 % added.

    The first of each class is never left out, so that every class is on both sides.
    """
    import numpy as np

    spacing = np.array(recipe.spacing_mm)
    later = [n for n, blob in enumerate(blobs) if blob.class_id in {earlier.class_id for earlier in blobs[:n]}]
    missed = set(generator.choice(later, round(0.15 * len(blobs)), replace=False).tolist())
    found = []
    for n, blob in enumerate(blobs):
        moved = spacing * generator.normal(0, 0.8, 3)
        stretch = np.exp(generator.normal(0, 0.07, 3))
        deeper = blob.waves * np.array([1, 1, 1, 1, 1.5])
        if n not in missed:
            found.append(
                replace(
                    blob,
                    centre_mm=blob.centre_mm + np.clip(moved, -2 * spacing, 2 * spacing),
                    semi_axes_mm=blob.semi_axes_mm * stretch,
                    waves=deeper,
                    wobble_seed=blob.wobble_seed + 1,
                )
            )
    ids = [blob.class_id for blob in blobs]
    for class_id in generator.choice(ids, round(0.3 * len(blobs))).tolist():
        median, _, least, most = _DIAMETERS_MM[class_id]
        diameter = float(np.clip(0.7 * median * np.exp(generator.normal(0, 0.4)), least, most))
        found.append(_random_blob(class_id, diameter, generator))
    return found


def _draw_specks(recipe: PairRecipe, generator: np.random.Generator) -> Labels:
    """Single voxels of random classes anywhere in the grid. None touches another, so each is a lesion."""
    import numpy as np
    from scipy.spatial import cKDTree

    # A few more than wanted, for those that touch go.
    flat = generator.choice(int(np.prod(recipe.shape)), recipe.specks + recipe.specks // 5 + 10, replace=False)
    places = np.stack(np.unravel_index(flat, recipe.shape), axis=1)
    touching = cKDTree(places).query_pairs(1.5, p=np.inf, output_type="ndarray")
    places = np.delete(places, np.unique(touching[:, 0]), axis=0)[: recipe.specks]
    if len(places) < recipe.specks:
        raise RuntimeError(f"no room for {recipe.specks} specks that do not touch")
    prediction = np.zeros(recipe.shape, np.uint8)
    prediction[tuple(places.T)] = generator.integers(1, CLASS_IDS.stop, recipe.specks)
    return prediction


def count_components(labels: Labels) -> dict[int, int]:
    """Lesions of each class, 26-connected."""
    import numpy as np
    from scipy import ndimage

    boxes = ndimage.find_objects(labels, max_label=CLASS_IDS.stop - 1)
    return {
        class_id: ndimage.label(labels[box] == class_id, np.ones((3, 3, 3)))[1] if box else 0
        for class_id, box in zip(CLASS_IDS, boxes, strict=True)
    }


def make_pair(recipe: PairRecipe, folder: Path) -> PairFiles:
    """Writes a pair and, as `pair.json`, what is in it; keeps what is already there."""
    files = PairFiles(folder / "reference.nii.gz", folder / "prediction.nii.gz")
    if folder.exists():
        return files
    import numpy as np
    import SimpleITK

    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    summary: dict[str, Any] = asdict(recipe)
    for path, labels in zip((files.reference, files.prediction), draw_pair(recipe), strict=True):
        image = SimpleITK.GetImageFromArray(labels)
        image.SetSpacing(recipe.spacing_mm[::-1])
        SimpleITK.WriteImage(image, str(unfinished / path.name), useCompression=True)
        summary[path.name.removesuffix(".nii.gz")] = {
            "lesions": sum(count_components(labels).values()),
            "voxels": int(np.count_nonzero(labels)),
            "bytes": (unfinished / path.name).stat().st_size,
        }
    (unfinished / "pair.json").write_text(json.dumps(summary), encoding="utf-8")
    unfinished.rename(folder)
    return files


def make_many(cases: int, shrink: int, cache: Path) -> PairFiles:
    """Folders of references and predictions: hard links under `cases` names to a few distinct typical pairs.

    A scorer that goes by names reads and scores each of them.
    """
    folder = cache / f"many-{cases}"
    distinct = [
        make_pair(replace(_TYPICAL.shrunken(shrink), seed=100 + n), cache / f"of-many-{n}")
        for n in range(_MANY_DISTINCT)
    ]
    files = PairFiles(folder / "reference", folder / "prediction")
    if not folder.exists():
        unfinished = folder.with_name(folder.name + ".partial")
        shutil.rmtree(unfinished, ignore_errors=True)
        for side in ("reference", "prediction"):
            (unfinished / side).mkdir(parents=True)
            for case in range(cases):
                source = getattr(distinct[case % _MANY_DISTINCT], side)
                os.link(source, unfinished / side / f"case-{case:04}.nii.gz")
        shutil.copy(distinct[0].reference.parent / "pair.json", unfinished)
        unfinished.rename(folder)
    return files


def cache_folder(root: Path, shrink: int) -> Path:
    """Where pairs are kept: another place whenever this module changes."""
    return root / f"{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}-{shrink}"


def main() -> None:
    """Makes one pair, or `many`, in a process of its own: the caller stays small."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", choices=[*RECIPES, "many"])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--shrink", type=int, default=1)
    parser.add_argument("--cases", type=int, default=MANY_CASES)
    arguments = parser.parse_args()
    if arguments.name == "many":
        make_many(arguments.cases, arguments.shrink, arguments.cache)
    else:
        make_pair(RECIPES[arguments.name].shrunken(arguments.shrink), arguments.cache / arguments.name)


if __name__ == "__main__":
    main()
